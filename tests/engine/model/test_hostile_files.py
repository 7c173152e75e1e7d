"""Checkpoints made to cost memory, time or trust: refused before they are read."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import torch
from tests.engine.model.test_broken_files import assert_refused

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.checkpoint import CheckpointInfo, file_sha256
from napari_dinocell.engine.model.model_store import list_models, models_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_dinocell.engine.model.dinocell import DinoCell


def test_archive_that_inflates_is_refused_before_it_is_read(
    good_pt: Path, tmp_path: Path
) -> None:
    """torch.save compresses nothing; a small file may ask for all memory."""
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(good_pt) as plain, zipfile.ZipFile(path, "w") as bomb:
        for entry in plain.infolist():
            bomb.writestr(entry.filename, plain.read(entry))
        zeros = b"\0" * 10_000_000
        bomb.writestr("archive/data/999", zeros, compress_type=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1_000_000
    assert_refused(path, r"inflate to \d{8}")


def test_tensor_larger_than_its_file_is_refused(tmp_path: Path) -> None:
    """A stride of 0 shows one number as many."""
    path = tmp_path / "wide.pt"
    torch.save({"cls_token": torch.zeros(1).expand(100_000_000)}, path)
    assert_refused(path, "more than the whole file holds")


def test_sparse_tensors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "sparse.pt"
    torch.save({"cls_token": torch.eye(3).to_sparse()}, path)
    assert_refused(path, "sparse")


@pytest.mark.skipif(os.name == "nt", reason="no named pipes in the file system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.safetensors"
    os.mkfifo(path)
    assert_refused(path, "found a pipe")
    with pytest.raises(CheckpointError, match="found a pipe"):
        file_sha256(path)


def _entry(**changes: Any) -> dict[str, Any]:
    whole = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    return {"a": whole | changes}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"__metadata__": {"dinocell": 5}}, "is no text"),
        (_entry(data_offsets=[0, float("inf")]), "describes a tensor wrongly"),
        (_entry(data_offsets=[0, 4]), "8 bytes"),
        (_entry(data_offsets=[8, 0]), "ascending offsets"),
        (_entry(shape=[-2]), "ascending offsets"),
        (_entry(shape=[2.0]), "a whole number as its 'shape'"),
        (_entry(dtype=4), "some text as its 'dtype'"),
        (_entry(more=1), "missing or unknown"),
    ],
)
def test_header_is_checked_entry_by_entry(
    tmp_path: Path, header: dict[str, Any], message: str
) -> None:
    text = json.dumps(header).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    assert_refused(path, message)


@pytest.mark.parametrize("diameter", [0, 1, 1e300, -5, "30", True, None])
def test_card_with_an_odd_cell_diameter_is_refused(
    make_model: Callable[..., DinoCell], diameter: Any
) -> None:
    card = CheckpointInfo(model=make_model().config, name="m")
    values = json.loads(card.to_header()) | {"cell_diameter": diameter}
    with pytest.raises(CheckpointError, match="diameter"):
        CheckpointInfo.from_header(json.dumps(values))


def test_bad_files_in_the_models_folder_are_listed_with_their_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them must not hide the others, nor keep a dock from opening."""
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path))
    folder = models_folder()
    folder.mkdir(parents=True)
    for name, header in {
        "number": {"__metadata__": {"dinocell": 5}},
        "offset": _entry(data_offsets=[0, float("inf")]),
        "card": {"__metadata__": {"dinocell": "[]"}},
    }.items():
        text = json.dumps(header).encode()
        data = len(text).to_bytes(8, "little") + text + bytes(8)
        (folder / f"{name}.safetensors").write_bytes(data)
    torch.save(
        {"a": torch.ones(9)}, folder / "old.pt", _use_new_zipfile_serialization=False
    )
    data = (folder / "old.pt").read_bytes()
    for size in range(3, len(data), 40):
        (folder / f"old{size}.pt").write_bytes(data[:size])
    bad = [entry for entry in list_models() if entry.kind == "own"]
    assert len(bad) > 10
    assert all(entry.info is None and entry.error for entry in bad)
