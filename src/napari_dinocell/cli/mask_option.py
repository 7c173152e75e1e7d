"""The option that names a mask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from napari_dinocell.cli.options import IMAGE_PANEL

if TYPE_CHECKING:
    from typing import TypeAlias

    MaskChoice: TypeAlias = Path | Literal["none"] | None

MaskOption = Annotated[
    Path | None,
    typer.Option(
        "--mask",
        metavar="FILE|none",
        help="Keep only cells whose innermost pixel lies in a mask: TIFF, PNG or NPY "
        "of the page's size (all that is not 0 is inside; one for all pages or one for "
        "each), GeoJSON or ImageJ ROIs. Cells are not cut.",
        show_default="none",
        rich_help_panel=IMAGE_PANEL,
    ),
]


def chosen_mask(given: Path | str | None) -> MaskChoice:
    """A file, "none" where a preset's is not wanted, or None for nothing said.

    Older versions of typer leave a path as text among the parameters of a context.
    """
    if given is None:
        return None
    return "none" if str(given) == "none" else Path(given)
