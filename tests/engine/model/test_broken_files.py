"""Files that are no checkpoints, or no longer: a specific error, and no code run."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from napari_dinocell.engine.errors import (
    CheckpointError,
    CheckpointNotFoundError,
    UnsafeCheckpointError,
)
from napari_dinocell.engine.model.checkpoint import (
    file_sha256,
    load_checkpoint,
    read_info,
)
from napari_dinocell.engine.model.checkpoint_file import (
    detect_kind,
    read_safetensors_header,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.engine.model.dinocell import DinoCell

READERS = [load_checkpoint, read_info]


def assert_refused(path: Path, message: str, kind: type = CheckpointError) -> None:
    for read in READERS:
        with pytest.raises(kind, match=message) as caught:
            read(path)
        assert str(path) in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    assert_refused(tmp_path / "no.pt", "found none", CheckpointNotFoundError)
    with pytest.raises(FileNotFoundError, match="found none"):
        file_sha256(tmp_path / "no.pt")


def test_folder(tmp_path: Path) -> None:
    assert_refused(tmp_path, "found a folder")


def test_unreadable_file(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert_refused(good, "cannot be read: Permission denied")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"<!DOCTYPE html><html>", "web page", id="web page"),
        pytest.param(b"version https://git-lfs.github.com/spec", "git lfs", id="lfs"),
        pytest.param(b'{"hidden_size": 384}', "is JSON", id="json"),
        pytest.param(b"\x89PNG\r\n\x1a\n0000", "like neither", id="image"),
        pytest.param(b"hello", "Expected a safetensors or PyTorch", id="text"),
        pytest.param(b"\xff" * 7 + b"\0{}", "header claims", id="huge header"),
        pytest.param(b"\x04\0\0\0\0\0\0\0{", "cut short: expected 12", id="header cut"),
        pytest.param(b"\x02\0\0\0\0\0\0\0{]", "no valid JSON", id="header json"),
        pytest.param(
            b'\x07\0\0\0\0\0\0\0{"a":1}', "describes a tensor wrongly", id="entry"
        ),
    ],
)
def test_content_of_another_kind(tmp_path: Path, content: bytes, message: str) -> None:
    """Told by the content: the name may claim anything."""
    for suffix in (".safetensors", ".pt"):
        path = tmp_path / f"model{suffix}"
        path.write_bytes(content)
        assert_refused(path, message)


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.999])
def test_truncated_safetensors(good: Path, kept: float) -> None:
    """Reading the card notices it too, without reading the tensors."""
    content = good.read_bytes()
    good.write_bytes(content[: int(kept * len(content))])
    assert_refused(good, "cut short")


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.999])
def test_truncated_pt(good_pt: Path, kept: float) -> None:
    content = good_pt.read_bytes()
    good_pt.write_bytes(content[: int(kept * len(content))])
    assert_refused(good_pt, "damaged or cut short")


def test_renamed_files_are_read_by_their_content(good: Path, good_pt: Path) -> None:
    """A .pt file called .safetensors still loads, and the other way round."""
    good.rename(good.with_name("a.pt"))
    good_pt.rename(good.with_name("b.safetensors"))
    for name in ("a.pt", "b.safetensors"):
        assert load_checkpoint(good.with_name(name))[1].name == "good"
        assert read_info(good.with_name(name)).name == "good"


def test_length_of_the_header_is_not_taken_for_another_format(tmp_path: Path) -> None:
    """Its lowest byte comes first, and may be that of a pickle or a zip file."""
    for padding in range(256):
        path = tmp_path / f"{padding}.safetensors"
        save_file({"a": torch.ones(1)}, path, {"x": "y" * padding})
        assert detect_kind(path) == "safetensors"
        assert read_safetensors_header(path).shapes == {"a": (1,)}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([torch.ones(2)], id="list"),
        pytest.param({}, id="empty"),
        pytest.param({"epoch": 3}, id="number"),
        pytest.param({0: torch.ones(2)}, id="unnamed"),
        pytest.param(torch.ones(2), id="tensor"),
    ],
)
def test_pt_file_without_a_state_dict(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "m.pt")
    assert_refused(tmp_path / "m.pt", "state dict|named tensors only")


class _Attack:
    """Creates a file when unpickled by a careless reader."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)


def plain_pickle(attack: object, protocol: int) -> bytes:
    return pickle.dumps({"cls_token": attack}, protocol=protocol)


def legacy_file(attack: object, protocol: int) -> bytes:
    buffer = io.BytesIO()
    torch.save(
        {"cls_token": attack},
        buffer,
        pickle_protocol=protocol,
        _use_new_zipfile_serialization=False,
    )
    return buffer.getvalue()


def zip_file(attack: object, protocol: int) -> bytes:
    buffer = io.BytesIO()
    torch.save({"cls_token": attack}, buffer, pickle_protocol=protocol)
    return buffer.getvalue()


def zip_without_torch(attack: object, protocol: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(attack, protocol=protocol))
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
    return buffer.getvalue()


WRITERS = [plain_pickle, legacy_file, zip_file, zip_without_torch]


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_malicious_pickle_runs_nothing(
    tmp_path: Path, write: Callable[[object, int], bytes], protocol: int
) -> None:
    """And the error says what it asked for. The control shows that it would bite."""
    trace = tmp_path / "trace"
    path = tmp_path / "model.pth"
    path.write_bytes(write(_Attack(trace), protocol))
    if protocol == 2:
        assert_refused(path, r"asks for \w+\.mkdir.*nothing", UnsafeCheckpointError)
    else:  # the safe loader of torch does not even know this protocol
        assert_refused(path, "cannot be read as a state dict.*nothing was run")
    assert not trace.exists()

    if write is zip_file:  # control: the same file is a working attack
        torch.load(path, weights_only=False)
        assert trace.exists()


def test_pickled_module_is_unsafe(
    make_model: Callable[..., DinoCell], tmp_path: Path
) -> None:
    """People also save whole modules: loading one would import and run classes."""
    torch.save(make_model(), tmp_path / "module.pt")
    with pytest.raises(UnsafeCheckpointError, match=r"DinoCell.*state dict only"):
        load_checkpoint(tmp_path / "module.pt")


# torch warns of some of the nonsense that it is shown before it refuses it
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_files_raise_nothing_but_checkpoint_errors(
    good: Path, good_pt: Path, data: st.DataObject
) -> None:
    """Whatever bytes change; a change inside the numbers may go unnoticed."""
    source = data.draw(st.sampled_from([good, good_pt]))
    content = bytearray(source.read_bytes())
    # headers and zip directories are at the ends
    near = st.integers(0, 3000) | st.integers(-3000, -1)
    for place in data.draw(st.lists(near, min_size=1, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    damaged = source.with_name("damaged.pt")
    damaged.write_bytes(content)
    for read in READERS:
        with contextlib.suppress(CheckpointError):
            read(damaged)
