"""`dinocell demo`: a first look, in napari or as files."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_dinocell.cli.errors import messages, output, print_note
from napari_dinocell.cli.options import (
    CellDiameterOption,
    DeviceOption,
    ModelOption,
    given_overrides,
)
from napari_dinocell.engine.text import counted

if TYPE_CHECKING:
    import napari

    from napari_dinocell.engine.arrays import Image
    from napari_dinocell.engine.segmenter import Segmenter

QT_BINDINGS = ("PyQt6", "PySide6", "PyQt5", "PySide2")


def demo(
    image: Annotated[
        Path | None,
        typer.Argument(help="Your own image; cells of a sample if left out."),
    ] = None,
    output_folder: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="For results as files."),
    ] = Path("demo_output"),
    no_viewer: Annotated[
        bool, typer.Option("--no-viewer", help="Write files even if napari could open.")
    ] = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    cell_diameter: CellDiameterOption = None,
) -> None:
    """Segment a sample and show image, distance map and labels in napari.

    Without a display the three go to files, together with a picture of the outlines.
    Of an image of your own the first page is taken.

    [bold]Examples[/]

      dinocell demo

      dinocell demo my_cells.tif --no-viewer -o look
    """
    from napari_dinocell.engine.batch.segment_pages import count_cells
    from napari_dinocell.engine.segmenter import Segmenter

    overrides = given_overrides(cell_diameter=cell_diameter)
    pixels, name, channel_axis = _load(image)
    segmenter = Segmenter(model, device=device)
    config = segmenter.default_config().with_overrides(**overrides)
    with messages.status("Segmenting ..."):
        for _ in segmenter.steps(pixels, config, channel_axis=channel_axis):
            pass
    count = count_cells(segmenter.labels())
    output.print(
        f"{name}: {counted(count, 'cell')} on {segmenter.device}", markup=False
    )
    missing = None if no_viewer else missing_for_viewer()
    if missing is not None:
        print_note(f"No viewer, as there is no {missing}: results go to files.")
    if no_viewer or missing is not None:
        _write(output_folder, segmenter, pixels, name, channel_axis)
    else:
        _show(segmenter, pixels, name, channel_axis)


def has_display() -> bool:
    """Whether a window can open: always on Windows and macOS."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def missing_for_viewer() -> str | None:
    """What keeps napari from opening; None when it can."""
    if find_spec("napari") is None:
        return "napari (pip install 'napari[all]')"
    if not any(map(find_spec, QT_BINDINGS)):
        return "Qt binding (pip install 'napari[all]')"
    return None if has_display() else "display"


def _load(path: Path | None) -> tuple[Image, str, int | None]:
    """Pixels of a page, a name for it, and the axis of its channels."""
    if path is None:
        from napari_dinocell.sample import load_sample

        return *load_sample(), None
    from napari_dinocell.engine.images.image_files import open_image

    file = open_image(path)
    return next(file.pages()), path.stem, file.channel_axis


def _write(
    folder: Path, segmenter: Segmenter, image: Image, name: str, axis: int | None
) -> None:
    import tifffile

    from napari_dinocell.engine.contrast.preprocess import to_plane
    from napari_dinocell.engine.results.atomic_file import replaced_file
    from napari_dinocell.engine.results.export import write_labels
    from napari_dinocell.engine.results.overlay import write_overlay

    stem = name.replace(" ", "_")
    labels = segmenter.labels()
    paths = {
        part: folder / f"{stem}_{part}"
        for part in ("labels.tif", "distance.tif", "overlay.png")
    }
    write_labels(paths["labels.tif"], labels)
    with replaced_file(paths["distance.tif"]) as temporary:
        tifffile.imwrite(temporary, segmenter.distance_map, compression="zlib")
    picture = image if axis is None else to_plane(image, channel_axis=axis)
    write_overlay(paths["overlay.png"], picture, labels)
    for path in paths.values():
        output.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _show(segmenter: Segmenter, image: Image, name: str, axis: int | None) -> None:
    import napari

    viewer = napari.Viewer(title="napari-dinocell demo")
    add_layers(viewer, segmenter, image, name, axis)
    napari.run()


def add_layers(
    viewer: napari.Viewer,
    segmenter: Segmenter,
    image: Image,
    name: str,
    channel_axis: int | None = None,
) -> None:
    """Add image, distance map (hidden) and labels to a viewer."""
    if channel_axis is None:
        viewer.add_image(image, name=name, rgb=image.ndim == 3)
    else:
        viewer.add_image(image, name=name, channel_axis=channel_axis)
    viewer.add_image(
        segmenter.distance_map,
        name=f"{name} distance",
        colormap="magma",
        blending="additive",
        visible=False,
    )
    viewer.add_labels(segmenter.labels(), name=f"{name} labels")
