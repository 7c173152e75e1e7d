"""`dinocell models export` and `import`: models for other programs, and back."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from napari_dinocell.cli.errors import messages, output

ModelArgument = Annotated[
    str, typer.Argument(metavar="NAME|FILE", help="A listed model or a checkpoint.")
]


class SharedFormat(StrEnum):
    """What `dinocell models export` can write."""

    bioimageio = "bioimageio"
    onnx = "onnx"


def export(
    model: ModelArgument,
    target: Annotated[
        Path, typer.Argument(metavar="FILE", help="Ends in .zip or .onnx.")
    ],
    file_format: Annotated[
        SharedFormat,
        typer.Option(
            "--format",
            help="bioimageio: a package for the BioImage Model Zoo; onnx: one graph "
            "for onnxruntime, OpenVINO and others.",
        ),
    ],
    authors: Annotated[
        list[str] | None,
        typer.Option(
            "--author",
            metavar="NAME",
            help="Who trained it; repeat it for several. Needed for bioimageio.",
        ),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(metavar="SPDX", help="Such as CC-BY-4.0; else that of the card."),
    ] = None,
) -> None:
    """Write a model for other programs.

    Both take images after contrast and resizing and give distance maps; thresholds and
    all else that belongs to the model are inside.

    [bold]Examples[/]

      dinocell models export default default.zip --format bioimageio --author 'A. Name'

      dinocell models export default default.onnx --format onnx
    """
    from napari_dinocell.engine.model.model_store import resolve_model
    from napari_dinocell.engine.sharing.bioimageio_package import export_bioimageio
    from napari_dinocell.engine.sharing.onnx_file import export_onnx

    path = resolve_model(model)
    with messages.status("Exporting ..."):
        if file_format == SharedFormat.onnx:
            export_onnx(path, target)
        elif not authors:
            raise typer.BadParameter("give --author: packages say who made the model")
        else:
            export_bioimageio(path, target, authors=authors, licence=licence)
    output.print(f"Wrote {target}", markup=False, soft_wrap=True)


def import_package(
    package: Annotated[
        Path, typer.Argument(metavar="PACKAGE.zip", help="By 'dinocell models export'.")
    ],
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Under which it is listed here.")
    ],
) -> None:
    """Keep the model of a bioimage.io package that was exported from here.

    [bold]Example[/]

      dinocell models import theirs.zip theirs
    """
    from napari_dinocell.engine.errors import CheckpointError
    from napari_dinocell.engine.model.model_store import own_model_path
    from napari_dinocell.engine.sharing.bioimageio_import import import_bioimageio

    target = own_model_path(name)
    if target.exists():
        raise CheckpointError(
            f"There is a model {name!r} already. Choose another name."
        )
    import_bioimageio(package, target)
    output.print(f"Wrote {target}", markup=False, soft_wrap=True)
