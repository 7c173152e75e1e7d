"""Downloads, from a hub that runs inside the test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

import huggingface_hub.constants as hub_constants
import pytest
from huggingface_hub.utils import are_progress_bars_disabled

from napari_dinocell.engine.errors import (
    CheckpointError,
    CheckpointNotFoundError,
    ExportError,
)
from napari_dinocell.engine.model import hub
from napari_dinocell.engine.model.checkpoint import (
    load_checkpoint,
)
from napari_dinocell.engine.model.hub import (
    HubModel,
    download_model,
    find_hub_model,
)
from napari_dinocell.engine.model.model_store import downloads_folder, list_models

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.engine.model.model_store import ModelEntry

COMMIT = "c" * 40
FakeHub: TypeAlias = Any  # see conftest.py


class Cancelled(Exception):
    """What a user interface raises from the progress callback."""


def cancel_after(size: int) -> Callable[[int, int], None]:
    def progress(done: int, _total: int) -> None:
        if done >= size:
            raise Cancelled

    return progress


def downloaded_models() -> list[ModelEntry]:
    """Leave out the bundled model, which every installation lists."""
    return [entry for entry in list_models() if entry.kind == "downloaded"]


def test_downloaded_model_is_listed_and_loads(fake_hub: FakeHub) -> None:
    path = download_model("lab/cells")
    assert path == downloads_folder() / "lab" / "cells" / "model.safetensors"
    assert load_checkpoint(path)[1].name == "From the hub"
    (entry,) = downloaded_models()
    assert (entry.name, entry.kind, entry.path) == ("lab/cells", "downloaded", path)


def test_terms_are_shown_before_the_first_byte(fake_hub: FakeHub) -> None:
    """And whoever declines them downloads nothing."""
    seen: list[HubModel] = []

    def decline(model: HubModel) -> None:
        seen.append(model)
        raise Cancelled

    with pytest.raises(Cancelled):
        download_model("lab/cells", found=decline)
    assert seen[0].licence == "cc-by-4.0"
    assert seen[0].size == len(fake_hub.files["model.safetensors"])
    assert seen[0].revision == COMMIT
    assert fake_hub.ranges == []
    assert not downloads_folder().exists()


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        pytest.param({"license": "mit"}, "mit", id="known"),
        pytest.param(
            {"license": "other", "license_name": "dinov3-license"},
            "dinov3-license",
            id="own name",
        ),
        pytest.param({"license": "other"}, "not stated", id="unnamed"),
        pytest.param({}, "not stated", id="none"),
    ],
)
def test_licence_is_the_declared_one(
    fake_hub: FakeHub, card: dict[str, str], licence: str
) -> None:
    fake_hub.card = card
    assert find_hub_model("lab/cells").licence == licence


def test_progress_grows_to_the_whole_file(fake_hub: FakeHub) -> None:
    seen: list[tuple[int, int]] = []
    download_model("lab/cells", progress=lambda *now: seen.append(now))
    total = len(fake_hub.files["model.safetensors"])
    assert seen[0] == (0, total)
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)
    assert len(seen) > 3


def test_cancelled_download_continues_where_it_stopped(fake_hub: FakeHub) -> None:
    """The second request asks for the rest only, and the file is whole."""
    with pytest.raises(Cancelled):
        download_model("lab/cells", progress=cancel_after(10_000))
    assert downloaded_models() == []

    seen: list[int] = []
    path = download_model("lab/cells", progress=lambda done, _: seen.append(done))

    assert seen[0] >= 10_000
    assert fake_hub.ranges == [None, f"bytes={seen[0]}-"]
    assert path.read_bytes() == fake_hub.files["model.safetensors"]
    assert not list(path.parent.glob(".*.part"))


def test_unfinished_file_of_another_version_is_not_continued(
    fake_hub: FakeHub, checkpoint: bytes
) -> None:
    with pytest.raises(Cancelled):
        download_model("lab/cells", progress=cancel_after(10_000))
    fake_hub.files["model.safetensors"] = checkpoint + b"\0"
    path = download_model("lab/cells")
    assert fake_hub.ranges[-1] is None
    assert path.read_bytes() == checkpoint + b"\0"


def test_current_file_is_not_downloaded_again(
    fake_hub: FakeHub, checkpoint: bytes
) -> None:
    """A new version on the hub is."""
    download_model("lab/cells")
    download_model("lab/cells")
    assert len(fake_hub.ranges) == 1
    fake_hub.files["model.safetensors"] = checkpoint + b"\0"
    download_model("lab/cells")
    assert len(fake_hub.ranges) == 2


def test_damaged_arrival_is_refused_and_removed(fake_hub: FakeHub) -> None:
    fake_hub.etag = "0" * 64
    with pytest.raises(CheckpointError, match="arrived damaged"):
        download_model("lab/cells")
    assert downloaded_models() == []
    assert [p for p in downloads_folder().rglob("*") if p.is_file()] == []


def test_arrival_that_is_no_checkpoint_is_refused_and_removed(
    fake_hub: FakeHub,
) -> None:
    fake_hub.files["model.safetensors"] = b"<html>please log in</html>"
    with pytest.raises(CheckpointError, match="web page"):
        download_model("lab/cells")
    assert [p for p in downloads_folder().rglob("*") if p.is_file()] == []


def test_only_checkpoint_is_chosen(fake_hub: FakeHub, checkpoint: bytes) -> None:
    """Safetensors before others, and a named file before any rule."""
    fake_hub.files = {"cells.safetensors": checkpoint, "old.pth": checkpoint}
    assert find_hub_model("lab/cells").filename == "cells.safetensors"
    assert find_hub_model("lab/cells", filename="old.pth").filename == "old.pth"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param(
            ["a.safetensors", "b.safetensors"], "a.safetensors, b.safetensors", id="two"
        ),
        pytest.param(["weights.onnx"], "found README.md, weights.onnx", id="none"),
    ],
)
def test_unclear_choice_names_the_files(
    fake_hub: FakeHub, files: list[str], message: str
) -> None:
    fake_hub.files = dict.fromkeys(files, b"")
    with pytest.raises(CheckpointError, match=re.escape(message)):
        find_hub_model("lab/cells")


@pytest.mark.parametrize(
    ("repo_id", "filename", "kind", "message"),
    [
        pytest.param("lab/none", None, CheckpointNotFoundError, "lab/none", id="repo"),
        pytest.param(
            "lab/cells", "x.pt", CheckpointNotFoundError, "Expected x.pt", id="file"
        ),
        pytest.param("a/b/c", None, CheckpointError, "owner/name", id="name"),
    ],
)
def test_unknown_names_say_which(
    fake_hub: FakeHub, repo_id: str, filename: str | None, kind: type, message: str
) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        download_model(repo_id, filename=filename)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param("GatedRepo", "Accept its licence", id="gated"),
        pytest.param("RevisionNotFound", "no such revision", id="revision"),
        pytest.param("Teapot", "could not be downloaded", id="other"),
    ],
)
def test_refusals_of_the_hub_say_what_to_do(
    fake_hub: FakeHub, code: str, message: str
) -> None:
    fake_hub.error = code
    with pytest.raises(CheckpointError, match=message):
        download_model("lab/cells")


def test_unreachable_hub_says_so(
    fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(CheckpointError, match="Check the connection"):
        download_model("lab/cells")


def test_offline_mode_says_so(
    fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HF_HUB_OFFLINE=1, as on clusters."""
    monkeypatch.setattr(hub_constants, "HF_HUB_OFFLINE", True)
    fake_hub.close_session()
    with pytest.raises(CheckpointError, match=r"(?s)offline.*open it by its path"):
        download_model("lab/cells")


def test_folder_that_cannot_be_written_is_an_export_error(fake_hub: FakeHub) -> None:
    downloads_folder().parent.mkdir(parents=True)
    downloads_folder().write_text("in the way")
    with pytest.raises(ExportError, match="could not be written"):
        download_model("lab/cells")


def test_full_disk_is_an_export_error_and_keeps_what_arrived(
    fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hub, "http_get", full)
    with pytest.raises(ExportError, match="No space left"):
        download_model("lab/cells")


def test_bars_of_the_hub_client_are_as_before(fake_hub: FakeHub) -> None:
    group = "huggingface_hub.http_get"
    before = are_progress_bars_disabled(group)
    download_model("lab/cells")
    assert are_progress_bars_disabled(group) == before


@pytest.mark.parametrize(
    "name",
    [
        "../../../model.safetensors",
        "/etc/model.safetensors",
        "a/../../model.safetensors",
        "a\\..\\..\\model.safetensors",
        "C:model.safetensors",
        "a//model.safetensors",
    ],
)
def test_name_that_leads_out_of_the_folder_is_refused(
    fake_hub: FakeHub, checkpoint: bytes, name: str
) -> None:
    """Whether the user or the hub says it."""
    with pytest.raises(CheckpointError, match="plain files and folders"):
        HubModel("lab/cells", name, "main", "MIT", 5, "etag", "url")
    with pytest.raises(CheckpointError, match="plain files and folders"):
        HubModel(f"lab/{name}", "m.safetensors", "main", "MIT", 5, "etag", "url")
    fake_hub.files = {name: checkpoint}
    with pytest.raises(CheckpointError):
        find_hub_model("lab/cells")
