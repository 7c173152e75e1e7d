"""Checkpoints whose description or weights cannot be used: both readers say why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.checkpoint import load_checkpoint, read_info
from napari_dinocell.engine.model.checkpoint_file import read_safetensors_header

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.model.dinocell import DinoCell


def native_pt(path: Path, header: Any) -> Path:
    """Rewrite a saved checkpoint as .pt."""
    other = path.with_suffix(".pt")
    torch.save({"dinocell": header, "weights": load_file(path)}, other)
    return other


def rewritten(path: Path, **changes: Any) -> Path:
    """Change entries of a checkpoint's description."""
    header = json.loads(header_of(path)) | changes
    text = json.dumps({k: v for k, v in header.items() if v != "absent"})
    save_file(load_file(path), path, {"dinocell": text})
    return path


def header_of(path: Path) -> str:
    return read_safetensors_header(path).metadata["dinocell"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"format_version": 2}, "Update napari-dinocell", id="newer"),
        pytest.param({"format_version": "1"}, "format version from 1", id="version"),
        pytest.param({"format_version": "absent"}, "got None", id="no version"),
        pytest.param({"colour": 1}, r"\['colour'\] is missing or un", id="unknown"),
        pytest.param({"name": "absent"}, r"\['name'\] is missing or un", id="missing"),
        pytest.param({"name": 3}, "some text as its 'name', got 3", id="type"),
        pytest.param({"cell_diameter": -1}, "2 to 10000 pixels, got -1", id="diameter"),
        pytest.param({"contrast": {"window": 2}}, "at least 8 pixels", id="range"),
        pytest.param({"contrast": {"size": 2}}, "cannot be used", id="setting"),
        pytest.param({"watershed": {"min_size": "a"}}, "cannot be used", id="text"),
        pytest.param({"model": {"variant": "vitz8"}}, "variant", id="variant"),
    ],
)
def test_description_that_cannot_be_used_says_why(
    saved: tuple[Path, DinoCell], changes: dict[str, Any], message: str
) -> None:
    """Both readers refuse it, and name the file."""
    path = rewritten(saved[0], **changes)
    for read in (read_info, load_checkpoint):
        with pytest.raises(CheckpointError, match=message) as caught:
            read(path)
        assert str(path) in str(caught.value)


def test_other_taps_than_the_variant_has_are_refused(
    saved: tuple[Path, DinoCell],
) -> None:
    """Silently using other features would give wrong maps."""
    model = json.loads(header_of(saved[0]))["model"]
    path = rewritten(saved[0], model=model | {"taps": [0, 1, 1, 3]})
    with pytest.raises(CheckpointError, match=r"taps.*\[0, 1, 2, 3\].*\[0, 1, 1, 3\]"):
        read_info(path)


@pytest.mark.parametrize("text", ["{", "[1]", "nonsense", ""])
def test_description_that_is_no_table_is_refused(
    saved: tuple[Path, DinoCell], text: str
) -> None:
    save_file(load_file(saved[0]), saved[0], {"dinocell": text})
    with pytest.raises(CheckpointError, match="'dinocell' header"):
        read_info(saved[0])


def test_description_of_a_pt_file_must_be_text(saved: tuple[Path, DinoCell]) -> None:
    with pytest.raises(CheckpointError, match="expected text under 'dinocell'"):
        load_checkpoint(native_pt(saved[0], {"name": "x"}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"head.bias": None}, r"1 missing \('head.bias'\)", id="missing"),
        pytest.param({"extra": torch.ones(1)}, r"1 unknown \('extra'\)", id="unknown"),
        pytest.param(
            {"head.bias": torch.ones(2)},
            r"\(1,\) for head.bias, got \(2,\)",
            id="shape",
        ),
        pytest.param(
            {"head.bias": torch.tensor([torch.inf])}, "NaN or infinity", id="infinite"
        ),
        pytest.param(
            {"head.bias": torch.ones(1, dtype=torch.int8)}, "Quantised", id="int8"
        ),
    ],
)
def test_weights_that_do_not_fit_say_which(
    saved: tuple[Path, DinoCell], change: dict[str, Any], message: str
) -> None:
    path = saved[0]
    header = header_of(path)
    weights = load_file(path) | change
    kept = {name: w for name, w in weights.items() if w is not None}
    save_file(kept, path, {"dinocell": header})
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)


def test_whole_model_without_a_card_is_refused(saved: tuple[Path, DinoCell]) -> None:
    save_file(load_file(saved[0]), saved[0])
    for read in (read_info, load_checkpoint):
        with pytest.raises(CheckpointError, match="'dinocell' description"):
            read(saved[0])
