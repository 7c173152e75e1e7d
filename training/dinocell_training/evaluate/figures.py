"""Empty figures of matplotlib, which is not installed with the plugin.

No display is needed: figures are written to files, and pyplot's global state stays out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.extras import require_packages
from napari_dinocell.engine.results.atomic_file import replaced_file

if TYPE_CHECKING:
    from pathlib import Path

PICTURE_TYPES = (".png", ".pdf", ".svg")


def require_figures(path: Path) -> None:
    """Refuse, before any work, a picture that could not be written in the end.

    Raises
    ------
    ExportError
        If matplotlib is not installed, or the file's ending names no picture.
    """
    if path.suffix.lower() not in PICTURE_TYPES:
        raise ExportError(
            f"Expected a picture that ends in {', '.join(PICTURE_TYPES)}, got {path}. "
            "Give it one of these endings."
        )
    require_packages("matplotlib", extra="figures")


def new_figure(width: float, height: float) -> Any:
    """Empty figure of a size in inches, laid out by itself."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def write_figure(path: Path, figure: Any) -> None:
    """Write a figure; a former file is replaced only once the new one is whole.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    kind = path.suffix.lower().lstrip(".")
    with replaced_file(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=120)
