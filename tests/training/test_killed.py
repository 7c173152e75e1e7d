"""Kill -9 in the middle of an epoch costs that epoch and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from dinocell_training.corrections.folder import Corrections
from dinocell_training.finetune.loop import finetune
from dinocell_training.pretrain.loop import pretrain
from dinocell_training.pretrain.run import PretrainState
from dinocell_training.scratch.loop import train
from dinocell_training.scratch.run import BEST_FILE
from dinocell_training.trainer.state import load_state, load_values
from napari_dinocell.engine.model.checkpoint import load_checkpoint
from tests.training.conftest import register_tiny_variant, small_config, write_pairs
from tests.training.finetune.conftest import small, write_base, write_corrections
from tests.training.pretrain.conftest import small_config as small_pretraining

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no SIGKILL on Windows")

_ALL = """
import sys
from pathlib import Path
from tests.training.conftest import small_config, register_tiny_variant
from tests.training.finetune.conftest import small
from dinocell_training.corrections.folder import Corrections
from dinocell_training.finetune.loop import finetune
from dinocell_training.pretrain.loop import pretrain
from dinocell_training.scratch.loop import train
from tests.training.pretrain.conftest import small_config as small_pretraining
register_tiny_variant()
pairs, run, base, corrections, output, backbone = map(Path, sys.argv[1:])
runs = (
    train(pairs, run, small_config(epochs=500)),
    finetune(base, Corrections(corrections), output, small(epochs=500)),
    pretrain(pairs, backbone, small_pretraining(epochs=500, decay_share=0.0)),
)
for events in zip(*runs, strict=True):
    print(*(type(event).__name__ for event in events), flush=True)
"""


EPOCHS = ("EpochDone", "FinetuneEpoch", "PretrainEpoch")


@dataclass(frozen=True)
class Files:
    """What the three kinds of training read and write."""

    pairs: Path
    run: Path
    base: Path
    corrections: Path
    output: Path
    backbone: Path


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Of a process that does all three in turns, killed amidst epochs of each.

    One process, for most of its time goes into imports.
    """
    register_tiny_variant()
    folder = tmp_path_factory.mktemp("killed")
    files = Files(
        pairs=write_pairs(folder / "data"),
        run=folder / "run",
        base=write_base(folder / "base.safetensors"),
        corrections=write_corrections(folder / "corrections").folder,
        output=folder / "models" / "mine.safetensors",
        backbone=folder / "backbone",
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", _ALL, *map(str, vars(files).values())],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
    )
    assert process.stdout is not None
    done: Counter[str] = Counter()
    for line in process.stdout:
        events = line.split()
        done += Counter(events)
        enough = all(done[epoch] >= 2 for epoch in EPOCHS)
        if enough and events == ["StepDone", "FinetuneStep", "PretrainStep"]:
            process.kill()
            break
    process.stdout.close()
    assert process.wait(timeout=60) == -signal.SIGKILL
    return files


def test_a_killed_run_resumes(killed: Files) -> None:
    done = load_state(killed.run).epoch
    assert done >= 2
    load_checkpoint(killed.run / BEST_FILE)
    config = small_config(epochs=500)
    events = train(killed.pairs, killed.run, config, resume=True)
    assert next(events).epoch == done
    assert next(events).step == 2 * done + 1
    events.close()


def test_a_killed_fine_tuning_loses_one_epoch_at_most(killed: Files) -> None:
    corrections = Corrections(killed.corrections)
    config = small(epochs=500)
    events = finetune(killed.base, corrections, killed.output, config, resume=True)
    assert next(events).epoch >= 2
    events.close()


def test_killed_pretraining_ends_with_the_weights_of_a_run_that_was_not(
    killed: Files, tmp_path: Path
) -> None:
    done = load_values(killed.backbone, PretrainState)
    assert done is not None
    # the rate, which is held, does not tell how long the killed run was meant to be
    config = small_pretraining(epochs=done.epoch + 1, decay_share=0.0)
    list(pretrain(killed.pairs, killed.backbone, config, resume=True))
    list(pretrain(killed.pairs, tmp_path / "whole", config))
    resumed, whole = (
        load_values(folder, PretrainState)
        for folder in (killed.backbone, tmp_path / "whole")
    )
    assert resumed is not None
    assert whole is not None
    assert resumed.epoch == whole.epoch == done.epoch + 1
    for part in ("student", "teacher"):
        _require_equal(getattr(resumed, part), getattr(whole, part))


def _require_equal(found: object, expected: object) -> None:
    if isinstance(expected, torch.Tensor):
        assert isinstance(found, torch.Tensor)
        assert torch.equal(found, expected)
    elif isinstance(expected, dict):
        assert isinstance(found, dict)
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            _require_equal(found[name], value)
    else:
        assert found == expected
