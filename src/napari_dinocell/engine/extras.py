"""Packages that come with an extra only: whether they are there, what brings them."""

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
    missing = [name for name in names if not is_installed(name)]
    if missing:
        raise ExportError(
            f"Expected the package {', '.join(missing)}, which is not installed. "
            f"Install it: {install_command(extra)}"
        )


def install_command(extra: str) -> str:
    """What brings the packages of an extra."""
    return f'pip install "napari-dinocell[{extra}]"'


def is_installed(name: str) -> bool:
    """Whether a module could be imported; it is not, but its parents are."""
    try:
        return find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):  # no parent; None in sys.modules
        return False
