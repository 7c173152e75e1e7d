"""`dinocell samples`: pictures to try things on, without a download."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_dinocell.cli.errors import output

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Image, Labels

FRAME_SECONDS = 600.0
"""Between two frames of the dividing cells."""

SLICES = 24
"""Of the volume."""


class SampleName(StrEnum):
    """What `dinocell samples` can write."""

    colon = "colon"
    tissue = "tissue"
    nuclei = "nuclei"
    phase = "phase"
    dividing = "dividing"
    volume = "volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A picture, and the truth about it where it is known."""

    image: Image
    """(Y, X), (Y, X, 3), (T, Y, X), or (Z, Y, X) where slices have a distance."""
    labels: Labels | None = None
    pixel_size_um: float | None = None
    z_spacing: float | None = None
    """From slice to slice, in pixels."""


def samples(
    names: Annotated[
        list[SampleName],
        typer.Argument(
            help="colon: nuclei of human colon, grey, as in 'dinocell demo'; tissue: "
            "the same place in colour; nuclei, phase, dividing, volume: made-up cells "
            "with their truth, in fluorescence, phase contrast, a time-lapse and a "
            "stack of slices."
        ),
    ],
    output_folder: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where they go.")
    ] = Path(),
    size: Annotated[
        int,
        typer.Option(metavar="PIXELS", min=128, help="Side of a made-up picture."),
    ] = 384,
    count: Annotated[
        int,
        typer.Option(
            min=1, help="Different pictures of each kind of made-up cells; numbered."
        ),
    ] = 1,
) -> None:
    """Write sample images as TIFF, and NAME_label.tif beside them where all is known.

    Nothing is downloaded: colon and tissue come with scikit-image, the others are
    computed, with the same pixels each time.

    [bold]Examples[/]

      dinocell samples nuclei phase -o try

      dinocell samples nuclei -o labelled --count 6 --size 256
    """
    for name in dict.fromkeys(names):
        made_up = name not in (SampleName.colon, SampleName.tissue)
        for number in range(count if made_up else 1):
            numbered = f"{name}{number + 1}" if made_up and count > 1 else str(name)
            for path in write_sample(
                output_folder, numbered, make_sample(name, size, number)
            ):
                output.print(f"Wrote {path}", markup=False, soft_wrap=True)


def make_sample(name: SampleName, size: int, seed: int) -> Sample:
    """One picture of a kind; `size` and `seed` matter to made-up ones only."""
    from dinocell_training import scenes
    from napari_dinocell.sample import load_sample, load_tissue

    if name == SampleName.colon:
        return Sample(image=(load_sample()[0] * 65535).astype("uint16"))
    if name == SampleName.tissue:
        return Sample(image=load_tissue())
    makers = {
        SampleName.nuclei: scenes.fluorescent_nuclei,
        SampleName.phase: scenes.phase_cells,
        SampleName.dividing: scenes.dividing_cells,
    }
    if name == SampleName.volume:
        scene = scenes.nuclei_in_depth(shape=(SLICES, size, size), seed=seed)
    else:
        scene = makers[name](shape=(size, size), seed=seed)
    return Sample(
        image=scene.image,
        labels=scene.labels,
        pixel_size_um=scene.pixel_size_um,
        z_spacing=scene.z_spacing,
    )


def write_sample(folder: Path, name: str, sample: Sample) -> list[Path]:
    """Write a picture, and its truth beside it; the paths of what was written.

    Raises
    ------
    ExportError
        If a file cannot be written.
    """
    import tifffile

    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.results.atomic_file import replaced_file
    from napari_dinocell.engine.results.export import write_labels
    from napari_dinocell.engine.results.tiff_metadata import tiff_metadata

    image, side, spacing = sample.image, sample.pixel_size_um, sample.z_spacing
    is_rgb = image.shape[-1] == 3
    axes = "" if is_rgb or image.ndim == 2 else "T" if spacing is None else "Z"
    pixel_size = None
    if side is not None:
        pixel_size = PixelSize(
            y=side,
            x=side,
            z=None if spacing is None else spacing * side,
            t=FRAME_SECONDS if axes == "T" else None,
        )
    metadata = (
        {} if is_rgb else tiff_metadata(axes, image.dtype, image.nbytes, pixel_size)
    )
    paths = [folder / f"{name}.tif"]
    with replaced_file(paths[0]) as temporary:
        kind = "rgb" if is_rgb else "minisblack"
        tifffile.imwrite(temporary, image, photometric=kind, **metadata)
    if sample.labels is not None:
        paths.append(folder / f"{name}_label.tif")
        write_labels(paths[1], sample.labels, axes=axes, pixel_size=pixel_size)
    return paths
