"""A model as a package of bioimage.io: a zip that other programs run and describe.

The package takes images that have been through the model's contrast and size, as
`inference` prepares them, and gives distance maps; its `config.dinocell` says how to
prepare them and which thresholds suit the maps.

Source: specification of the BioImage Model Zoo, model 0.5, https://bioimage.io/docs
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.errors import CheckpointError, ExportError
from napari_dinocell.engine.extras import is_installed, require_packages
from napari_dinocell.engine.model.checkpoint import file_sha256, load_checkpoint
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.overlay import write_overlay
from napari_dinocell.engine.segmenter import Segmenter
from napari_dinocell.engine.sharing.onnx_file import OPSET, export_onnx
from napari_dinocell.engine.sharing.package_text import describe_model
from napari_dinocell.sample import load_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo

CARD_NAME, WEIGHTS_NAME = "dinocell.json", "weights.pt"
"""What `bioimageio_import` reads, without any of the libraries of bioimage.io."""

TEST_SIDE = 256
"""Pixels of the test image."""

HALO = 16
"""Half of the overlap of tiles."""

TOLERANCE = 1e-3
"""By which other programs' maps may differ."""


def export_bioimageio(
    model: Path, target: Path, *, authors: Sequence[str], licence: str | None = None
) -> None:
    """Write a model as a bioimage.io package.

    Weights are a state dict of torch, and ONNX where the extra "onnx" is installed;
    test arrays, a cover and the documentation are made from the sample image.

    Parameters
    ----------
    model
        A trained checkpoint.
    target
        Name with the suffix ".zip"; its folder is made if need be.
    authors
        Names of those who trained it.
    licence
        SPDX identifier; None takes what the card says.

    Raises
    ------
    ExportError
        If the extra "bioimageio" is not installed, the description is not valid, or
        the file cannot be written.
    CheckpointError
        If the checkpoint cannot be used, or nobody says under which licence.
    """
    require_packages("bioimageio.spec", extra="bioimageio")
    if target.suffix != ".zip":
        raise CheckpointError(f"Expected a name ending in .zip, got {target.name!r}.")
    segmenter = Segmenter(model, device="cpu", precision="float32")
    for _ in segmenter.steps(load_sample()[0]):
        pass
    with tempfile.TemporaryDirectory() as folder:
        made = _packed(Path(folder), segmenter, authors, licence)
        with replaced_file(target) as temporary:
            shutil.copyfile(made, temporary)


def _packed(
    folder: Path, segmenter: Segmenter, authors: Sequence[str], licence: str | None
) -> Path:
    """The package as a file in that folder."""
    from bioimageio.spec import save_bioimageio_package
    from pydantic import ValidationError

    try:
        description = _describe(folder, segmenter, authors, licence)
        made = save_bioimageio_package(description, output_path=folder / "made.zip")
    except (ValidationError, ValueError) as error:
        raise ExportError(
            f"bioimage.io does not accept the description: {error}"
        ) from error
    return Path(made)


def _describe(
    folder: Path, segmenter: Segmenter, authors: Sequence[str], licence: str | None
) -> Any:
    """Write all files of the package to a folder, and describe them."""
    from bioimageio.spec.model import v0_5

    network, card = load_checkpoint(segmenter.path)
    write_overlay(folder / "cover.png", *_square(load_sample()[0], segmenter.labels()))
    (folder / "README.md").write_text(describe_model(card), encoding="utf-8")
    (folder / CARD_NAME).write_text(card.to_header(), encoding="utf-8")
    torch.save(network.state_dict(), folder / WEIGHTS_NAME)
    _write_test_arrays(folder, network, card)
    return v0_5.ModelDescr(
        name=_plain_name(card),
        description="Distance map of cells, for a watershed by two thresholds.",
        authors=[v0_5.Author(name=name) for name in authors],
        cite=[v0_5.CiteEntry(text="DINOv3", doi=v0_5.Doi("10.48550/arXiv.2508.10104"))],
        license=v0_5.LicenseId(licence or card.licence),
        tags=["cells", "nuclei", "instance-segmentation", "2d", "napari"],
        documentation=v0_5.FileDescr(source=folder / "README.md"),
        covers=[v0_5.FileDescr(source=folder / "cover.png")],
        attachments=[v0_5.FileDescr(source=folder / CARD_NAME)],
        inputs=[_tensor(v0_5, folder, network.patch_size, is_input=True)],
        outputs=[_tensor(v0_5, folder, network.patch_size, is_input=False)],
        weights=_weights(v0_5, folder, segmenter.path, card),
        config=_config(v0_5, card),
    )


def _square(*planes: Any) -> list[Any]:
    """Planes (Y, X) cut to their common square: covers are square."""
    side = min(planes[0].shape)
    return [plane[:side, :side] for plane in planes]


def _write_test_arrays(
    folder: Path, network: torch.nn.Module, card: CheckpointInfo
) -> None:
    window = slice(0, TEST_SIDE)
    seen = adjust_contrast(load_sample()[0], card.run_contrast).window(window, window)
    image = np.ascontiguousarray(seen, np.float32)[None, None]  # (1, 1, Y, X)
    with torch.inference_mode():
        distance = network(torch.from_numpy(image)).numpy()
    np.save(folder / "test_input.npy", image)
    np.save(folder / "test_output.npy", distance)


def _tensor(spec: Any, folder: Path, patch: int, *, is_input: bool) -> Any:
    """Description of the image, or of the map, with its test array."""
    name = "image" if is_input else "distance"
    axes: list[Any] = [
        spec.BatchAxis(),
        spec.ChannelAxis(channel_names=[spec.Identifier(name)]),
    ]
    for letter in "yx":
        axis = spec.AxisId(letter)
        if is_input:
            size = spec.ParameterizedSize(min=4 * patch, step=patch)
            axes.append(spec.SpaceInputAxis(id=axis, size=size))
            continue
        same = spec.SizeReference(tensor_id=spec.TensorId("image"), axis_id=axis)
        axes.append(spec.SpaceOutputAxisWithHalo(id=axis, size=same, halo=HALO))
    kind = spec.InputTensorDescr if is_input else spec.OutputTensorDescr
    array = folder / ("test_input.npy" if is_input else "test_output.npy")
    return kind(
        id=spec.TensorId(name),
        axes=axes,
        data=spec.IntervalOrRatioDataDescr(type="float32", range=(0.0, 1.0)),
        test_tensor=spec.FileDescr(source=array),
    )


def _weights(spec: Any, folder: Path, model: Path, card: CheckpointInfo) -> Any:
    version = spec.Version(torch.__version__.partition("+")[0])
    state_dict = spec.PytorchStateDictWeightsDescr(
        source=folder / WEIGHTS_NAME,
        sha256=file_sha256(folder / WEIGHTS_NAME),
        pytorch_version=version,
        architecture=spec.ArchitectureFromLibraryDescr(
            callable=spec.Identifier("build_dinocell"),
            import_from="napari_dinocell.engine.sharing.architecture",
            kwargs=_as_yaml(card.model.to_dict()),
        ),
    )
    onnx = None
    if is_installed("onnx"):
        export_onnx(model, folder / "weights.onnx")
        onnx = spec.OnnxWeightsDescr(
            source=folder / "weights.onnx",
            sha256=file_sha256(folder / "weights.onnx"),
            opset_version=OPSET,
            parent="pytorch_state_dict",
        )
    return spec.WeightsDescr(pytorch_state_dict=state_dict, onnx=onnx)


def _config(spec: Any, card: CheckpointInfo) -> Any:
    tolerance = spec.ReproducibilityTolerance(
        absolute_tolerance=TOLERANCE, relative_tolerance=TOLERANCE
    )
    zoo = spec.BioimageioConfig(
        reproducibility_tolerance=[tolerance], task="segmentation"
    )
    return spec.Config(bioimageio=zoo, dinocell=_settings(card))


def _settings(card: CheckpointInfo) -> dict[str, Any]:
    """What other programs need to prepare images and to read maps."""
    settings: dict[str, Any] = _as_yaml(
        {
            "watershed": asdict(card.run_watershed),
            "contrast": asdict(card.run_contrast),
            "cell_diameter": card.cell_diameter,
        }
    )
    return settings


def _as_yaml(value: Any) -> Any:
    """Tuples as lists, which is what YAML has."""
    if isinstance(value, dict):
        return {name: _as_yaml(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_as_yaml(entry) for entry in value]
    return value


def _plain_name(card: CheckpointInfo) -> str:
    """Letters, digits and a few signs, as the zoo wants it."""
    name = "".join(c if c.isascii() and c.isalnum() else " " for c in card.name)
    return f"DINOCell {' '.join(name.split())}"[:64]
