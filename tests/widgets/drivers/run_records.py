"""A run to copy, and how copied scripts are run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from napari_dinocell import Segmenter
from napari_dinocell.cli.app import app
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.results.provenance import ModelRecord
from napari_dinocell.session.replay.command import as_command
from napari_dinocell.session.replay.run_record import RunRecord

if TYPE_CHECKING:
    import numpy as np

REGION = (slice(20, 150), slice(37, 190))
NASTY = 'it\'s a "good" name; $HOME `x` %PATH% & ö, 細胞 [1]'

posix_command = partial(as_command, windows=False)
"""`as_command` as `shlex` reads it, on whatever system the tests run."""


def bare_record() -> RunRecord:
    """A run with the model's own settings, of a layer without a file."""
    segmenter = Segmenter()
    return RunRecord(
        source_name="cells",
        source_path=None,
        rgb=False,
        channel_axis=None,
        model=ModelRecord(name="default", sha256=file_sha256(segmenter.path)),
        settings=segmenter.default_config(),
        cell_diameter=30.0,
        region=None,
        plane=(),
        device="cuda:0",
        precision="bfloat16",
        seconds=1.0,
        cells=1,
    )


def run_script(text: str, **names: Any) -> np.ndarray:
    exec(compile(text, "copied", "exec"), names)
    return names["labels"]


def options_of_segment() -> set[str]:
    command = typer.main.get_command(app).commands["segment"]
    return {name for parameter in command.params for name in parameter.opts}
