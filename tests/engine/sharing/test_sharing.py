"""Models for other programs: the same maps there, and the same labels back here."""

from __future__ import annotations

import gc
import json
import warnings
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pydantic
import pytest
import torch
from packaging.version import Version

from napari_dinocell.engine import extras
from napari_dinocell.engine.errors import (
    CheckpointError,
    CheckpointNotFoundError,
    ExportError,
    NeedsTrainingError,
)
from napari_dinocell.engine.model.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    save_checkpoint,
)
from napari_dinocell.engine.model.dinocell import DinoCell
from napari_dinocell.engine.model.model_config import ModelConfig
from napari_dinocell.engine.model.variants import VARIANTS, Variant
from napari_dinocell.engine.sharing.bioimageio_import import import_bioimageio
from napari_dinocell.engine.sharing.bioimageio_package import export_bioimageio
from napari_dinocell.engine.sharing.onnx_file import export_onnx
from napari_dinocell.sample import load_sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def files_left_open() -> Iterator[None]:
    """bioimageio.spec leaves files to be closed by the garbage collector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model of four blocks, in which every weight counts.

    It has all that the bundled one has, but is traced and run in no time.
    """
    torch.manual_seed(0)
    small = Variant("nano", 32, 4, 2, "mlp", 64, taps=(0, 1, 2, 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(VARIANTS, "nano", small)
        config = ModelConfig(variant="nano16", decoder_channels=(8, 8, 8, 8))
        model = DinoCell(config).eval()
        for norm in model.modules():
            if isinstance(norm, torch.nn.BatchNorm2d):
                assert norm.running_mean is not None
                norm.running_mean.uniform_(-0.5, 0.5)
        card = CheckpointInfo(
            model=config, name="Nano [one]", licence="CC-BY-4.0", cell_diameter=20
        )
        path = tmp_path_factory.mktemp("models") / "nano.safetensors"
        save_checkpoint(path, model, card)
        yield path


@pytest.fixture(scope="module")
def package(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model as a package of the zoo."""
    pytest.importorskip("bioimageio.spec", reason="needs the extra bioimageio")
    if Version(pydantic.VERSION) >= Version("2.14"):
        pytest.skip("the extra bioimageio wants pydantic < 2.14")
    target = tmp_path_factory.mktemp("zoo") / "nano.zip"
    with files_left_open():
        export_bioimageio(checkpoint, target, authors=["A. Name"])
    return target


@pytest.fixture(scope="module")
def graph(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The model in onnxruntime."""
    pytest.importorskip("onnx", reason="needs the extra onnx")
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    target = tmp_path_factory.mktemp("onnx") / "nano.onnx"
    export_onnx(checkpoint, target)
    return runtime.InferenceSession(target)


@pytest.mark.parametrize(
    "shape", [(1, 16, 16), (1, 64, 64), (3, 96, 160), (1, 256, 128)]
)
def test_onnx_gives_the_same_map_for_any_size(
    graph: Any, checkpoint: Path, shape: tuple[int, int, int]
) -> None:
    """One graph for batches and images of any size that the patch divides."""
    count, height, width = shape
    plane = np.resize(load_sample()[0], (height, width))
    image = np.stack([np.roll(plane, 7 * i, axis=1)[None] for i in range(count)])
    model, _ = load_checkpoint(checkpoint)
    with torch.inference_mode():
        expected = model(torch.from_numpy(image)).numpy()
    (found,) = graph.run(["distance"], {"image": image})
    assert np.ptp(expected) > 0.02
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_onnx_holds_the_card(graph: Any, checkpoint: Path) -> None:
    """Thresholds and all else travel with the graph."""
    stored = graph.get_modelmeta().custom_metadata_map["dinocell"]
    assert CheckpointInfo.from_header(stored) == load_checkpoint(checkpoint)[1]


def test_package_passes_the_tests_of_the_zoo(package: Path) -> None:
    """Valid, and both kinds of weights give the test output."""
    core = pytest.importorskip("bioimageio.core", reason="needs the extra bioimageio")
    with files_left_open():
        summary = core.test_model(package)
    assert summary.status == "passed", summary.format()


def test_package_says_how_to_use_it(package: Path, checkpoint: Path) -> None:
    """Thresholds, licence and words are inside."""
    with zipfile.ZipFile(package) as archive:
        names = set(archive.namelist())
        text = archive.read("rdf.yaml").decode()
        words = archive.read("README.md").decode()
        card = json.loads(archive.read("dinocell.json"))
    assert {"cover.png", "test_input.npy", "test_output.npy", "weights.pt"} <= names
    assert "CC-BY-4.0" in text
    watershed = load_checkpoint(checkpoint)[1].run_watershed
    assert f"seed_threshold: {watershed.seed_threshold}" in text
    assert "# Validation" in words.replace("## ", "# ")
    assert card["name"] == "Nano [one]"


def test_package_back_here_is_the_same_model(
    package: Path, checkpoint: Path, tmp_path: Path
) -> None:
    """Out and in again, nothing is lost."""
    target = tmp_path / "back.safetensors"
    import_bioimageio(package, target)
    (found, card), (model, original) = map(load_checkpoint, (target, checkpoint))
    assert card == original
    torch.testing.assert_close(found.state_dict(), model.state_dict(), rtol=0, atol=0)


def test_other_packages_are_refused(tmp_path: Path) -> None:
    """Each with what was missing, and no checkpoint is left."""
    target = tmp_path / "out.safetensors"
    with pytest.raises(CheckpointNotFoundError, match="no file"):
        import_bioimageio(tmp_path / "missing.zip", target)
    (tmp_path / "text.zip").write_text("not a zip", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"text\.zip.*zip file"):
        import_bioimageio(tmp_path / "text.zip", target)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("rdf.yaml", "type: model")
    with pytest.raises(CheckpointError, match=r"lacks dinocell\.json, weights\.pt"):
        import_bioimageio(tmp_path / "other.zip", target)
    assert not target.exists()


def test_package_that_inflates_beyond_measure_is_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dinocell.json", "{}")
        archive.writestr("weights.pt", bytes(10**7))
    with pytest.raises(CheckpointError, match="inflates"):
        import_bioimageio(tmp_path / "bomb.zip", tmp_path / "out.safetensors")


def test_weights_that_do_not_fit_their_card_are_refused(
    package: Path, tmp_path: Path
) -> None:
    card = CheckpointInfo(model=ModelConfig(variant="vits8"), name="other")
    with (
        zipfile.ZipFile(package) as source,
        zipfile.ZipFile(tmp_path / "mixed.zip", "w") as mixed,
    ):
        mixed.writestr("weights.pt", source.read("weights.pt"))
        mixed.writestr("dinocell.json", card.to_header())
    with pytest.raises(CheckpointError, match="do not fit"):
        import_bioimageio(tmp_path / "mixed.zip", tmp_path / "out.safetensors")


def test_untrained_model_is_not_exported(tmp_path: Path) -> None:
    """Its maps would be noise."""
    pytest.importorskip("onnx", reason="needs the extra onnx")
    model = DinoCell(ModelConfig(variant="vitt16", decoder_channels=(8, 8, 8, 8)))
    card = CheckpointInfo(model=model.config, name="raw", needs_training=True)
    save_checkpoint(tmp_path / "raw.safetensors", model, card)
    with pytest.raises(NeedsTrainingError, match="Train it first"):
        export_onnx(tmp_path / "raw.safetensors", tmp_path / "raw.onnx")


def test_missing_extra_is_named(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what to install."""
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(ExportError, match=r"napari-dinocell\[onnx\]"):
        export_onnx(checkpoint, tmp_path / "model.onnx")
    with pytest.raises(ExportError, match=r"napari-dinocell\[bioimageio\]"):
        export_bioimageio(checkpoint, tmp_path / "model.zip", authors=["A"])
