"""Packages that come with an extra only."""

from __future__ import annotations

from importlib.util import find_spec

from napari_dinocell.engine.errors import ExportError


def require_packages(*names: str, extra: str) -> None:
    """Refuse to begin what would fail later on for want of a package.

    Raises
    ------
    ExportError
        If one of the modules is not there; it names the extra that brings it.
    """
    missing = [name for name in names if not _is_there(name)]
    if missing:
        raise ExportError(
            f"Expected the package {', '.join(missing)}, which is not installed. "
            f'Install it: pip install "napari-dinocell[{extra}]"'
        )


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # its parent
        return False
