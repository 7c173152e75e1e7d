"""Native checkpoints: what is saved comes back, or an error says why not."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file

from napari_dinocell.engine.errors import CheckpointError, ExportError
from napari_dinocell.engine.model.checkpoint import (
    CheckpointInfo,
    file_sha256,
    load_backbone,
    load_checkpoint,
    read_info,
    save_checkpoint,
)
from napari_dinocell.engine.model.checkpoint_file import read_safetensors_header
from napari_dinocell.engine.model.dinocell import DinoCell, fold_batch_norm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakeModel = Callable[..., DinoCell]
    MakeInfo = Callable[[DinoCell], CheckpointInfo]


@pytest.mark.parametrize("variant", ["vitx8", "vity16"])
def test_saved_model_comes_back_exactly(
    make_info: MakeInfo, make_model: MakeModel, tmp_path: Path, variant: str
) -> None:
    """Same map to the last bit, same card, ready for inference."""
    model, path = make_model(variant), tmp_path / "new folder" / "model.safetensors"
    save_checkpoint(path, model, make_info(model))
    loaded, info = load_checkpoint(path)
    image = torch.rand(1, 1, 32, 48)
    assert torch.equal(loaded(image), model(image))
    assert info == replace(make_info(model), created=info.created)
    assert not loaded.training


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions")
def test_saved_file_can_be_read_by_whom_the_system_lets(
    make_info: MakeInfo, saved: tuple[Path, DinoCell], tmp_path: Path
) -> None:
    """A model shared in a group folder, or packed into a wheel, opens for others."""
    (tmp_path / "plain").touch()
    save_checkpoint(tmp_path / "model.safetensors", saved[1], make_info(saved[1]))
    modes = [(tmp_path / n).stat().st_mode for n in ("plain", "model.safetensors")]
    assert modes[0] == modes[1]


def test_card_is_read_without_tensors(saved: tuple[Path, DinoCell]) -> None:
    assert read_info(saved[0]) == load_checkpoint(saved[0])[1]


def test_reading_a_card_does_not_import_torch(
    make_info: MakeInfo, saved: tuple[Path, DinoCell]
) -> None:
    """The command line lists models at once."""
    info = make_info(saved[1])
    # of the tests' own variants, the new process knows none
    header = replace(info, model=replace(info.model, variant="vitt8")).to_header()
    save_file(load_file(saved[0]), saved[0], {"dinocell": header})
    script = (
        "import sys; from pathlib import Path;"
        "from napari_dinocell.engine.model.model_store import list_models;"
        "from napari_dinocell.engine.model.read_info import read_info;"
        f"print(read_info(Path({str(saved[0])!r})).name, 'torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["Bright", "cells", "False"]


def test_loading_draws_no_weights(
    saved: tuple[Path, DinoCell], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the meta device that would import torch's compiler: seconds."""

    def draw(*_: object, **__: object) -> None:
        raise AssertionError("weights were drawn")

    monkeypatch.setattr(torch.Tensor, "normal_", draw)
    load_checkpoint(saved[0])
    with pytest.raises(AssertionError, match="weights were drawn"):
        DinoCell(saved[1].config)


def test_pt_file_with_a_card_is_a_checkpoint_too(saved: tuple[Path, DinoCell]) -> None:
    path, model = saved
    header = read_safetensors_header(path).metadata["dinocell"]
    other = path.with_suffix(".pt")
    torch.save({"dinocell": header, "weights": load_file(path)}, other)
    loaded, info = load_checkpoint(other)
    image = torch.rand(1, 1, 16, 16)
    assert torch.equal(loaded(image), model(image))
    assert info == read_info(other) == read_info(path)


def test_half_precision_file_is_half_as_large_and_loads_as_float32(
    make_info: MakeInfo, make_model: MakeModel, tmp_path: Path
) -> None:
    """Vectors stay float32: a layer scale of 1e-7 would vanish in float16."""
    model = make_model()
    with torch.no_grad():
        model.backbone.get_parameter("blocks.0.ls1.gamma").fill_(1e-9)
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    save_checkpoint(full, model, make_info(model))
    save_checkpoint(half, model, make_info(model), dtype=torch.float16)
    loaded, _ = load_checkpoint(half)
    weights = sum(p.numel() for p in model.parameters() if p.ndim > 1)
    assert full.stat().st_size - half.stat().st_size == pytest.approx(2 * weights, 0.01)
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    assert (loaded.backbone.get_parameter("blocks.0.ls1.gamma") == 1e-9).all()
    image = torch.rand(1, 1, 32, 32)
    torch.testing.assert_close(loaded(image), model(image), atol=5e-3, rtol=0)


def test_loaded_model_can_be_trained(saved: tuple[Path, DinoCell]) -> None:
    model, _ = load_checkpoint(saved[0])
    model.train()(torch.rand(1, 1, 16, 16)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_loaded_model_does_not_depend_on_its_file(
    saved: tuple[Path, DinoCell],
) -> None:
    """The file may be overwritten in place while the model is in use."""
    path, original = saved
    model, _ = load_checkpoint(path)
    with path.open("rb+") as file:
        file.write(b"\0" * path.stat().st_size)
    image = torch.rand(1, 1, 16, 16)
    assert torch.equal(model(image), original(image))


def test_model_in_other_memory_format_is_saved(
    make_info: MakeInfo, make_model: MakeModel, tmp_path: Path
) -> None:
    """Training may hold its kernels channels-last."""
    model = make_model()
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    save_checkpoint(tmp_path / "m.safetensors", model, make_info(model))
    image = torch.rand(1, 1, 16, 16)
    loaded, _ = load_checkpoint(tmp_path / "m.safetensors")
    torch.testing.assert_close(loaded(image), model(image))


def test_failed_save_leaves_the_former_file(
    make_info: MakeInfo, saved: tuple[Path, DinoCell], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no temporary file."""
    path, model = saved
    before = file_sha256(path)

    def full_disk(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(ExportError, match="No space left"):
        save_checkpoint(path, model, make_info(model))
    assert file_sha256(path) == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_folder_that_is_a_file_is_an_export_error(
    make_info: MakeInfo, make_model: MakeModel, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    model = make_model()
    with pytest.raises(ExportError, match="could not be written"):
        save_checkpoint(tmp_path / "file" / "m.safetensors", model, make_info(model))


def test_save_refuses_what_it_could_not_load(
    make_info: MakeInfo, make_model: MakeModel, tmp_path: Path
) -> None:
    model, path = make_model(), tmp_path / "m.safetensors"
    info = make_info(model)
    with pytest.raises(CheckpointError, match=r"ending in \.safetensors"):
        save_checkpoint(tmp_path / "m.pt", model, info)
    with pytest.raises(CheckpointError, match="card of the model itself"):
        save_checkpoint(path, make_model("vitx16"), info)
    with pytest.raises(CheckpointError, match="missing"):
        save_checkpoint(path, fold_batch_norm(model), info)
    with pytest.raises(CheckpointError, match="that JSON can hold"):
        save_checkpoint(path, model, replace(info, metrics={"AP": torch.ones(1)}))
    with pytest.raises(CheckpointError, match="that JSON can hold"):
        save_checkpoint(path, model, replace(info, metrics={"AP": float("nan")}))
    with torch.no_grad():
        model.head.weight.fill_(torch.nan)
    with pytest.raises(CheckpointError, match=r"head\.weight holds NaN"):
        save_checkpoint(path, model, info)
    assert list(tmp_path.iterdir()) == []


def test_too_large_for_half_precision_is_refused(
    make_info: MakeInfo, make_model: MakeModel, tmp_path: Path
) -> None:
    model = make_model()
    with torch.no_grad():
        model.head.weight.fill_(1e6)
    with pytest.raises(CheckpointError, match="infinity"):
        save_checkpoint(
            tmp_path / "m.safetensors", model, make_info(model), dtype=torch.float16
        )


def test_whole_model_is_no_backbone_file(saved: tuple[Path, DinoCell]) -> None:
    with pytest.raises(CheckpointError, match="backbone only"):
        load_backbone(saved[0])


def test_checksum_is_the_standard_one(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea414140de5dae2223")
