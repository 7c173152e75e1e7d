"""Plates of high-content screening: their wells, and the fields in these."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.ome_zarr.metadata import read_version
from napari_dinocell.engine.images.ome_zarr.node import child, open_node

if TYPE_CHECKING:
    from napari_dinocell.engine.images.ome_zarr.node import Address, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChoice:
    """Which images of plates are meant."""

    wells: tuple[str, ...] = ()
    """Patterns such as "B/*", "B/03" or "B03"; none of them takes all wells."""
    fields: tuple[int, ...] = ()
    """Numbers from 0, in the order of each well's list; none of them takes all."""

    def takes(self, well: str) -> bool:
        """Whether a well, by its path, is among those chosen."""
        names = (well.lower(), well.replace("/", "").lower())
        patterns = [pattern.strip("/").lower() for pattern in self.wells]
        return not patterns or any(
            fnmatchcase(name, pattern) for name in names for pattern in patterns
        )


ALL_FIELDS = FieldChoice()


def fields_of(address: Address, choice: FieldChoice = ALL_FIELDS) -> list[str] | None:
    """Paths of the chosen images below a plate or a well, such as "B/03/0".

    A well that cannot be read stands for its images: whoever opens it gets the error,
    and the others are none the worse for it.

    Returns
    -------
    None where `address` is neither plate nor well.

    Raises
    ------
    ImageFileError
        If a plate's metadata cannot be read, or nothing of it is chosen.
    """
    node = open_node(address)
    if node.kind == "well":
        return _chosen(_fields_of_well(node, choice), address, choice)
    if node.kind != "plate":
        return None
    read_version(node.attributes, str(address))
    wells = _paths(node, "plate", "wells")
    found: list[str] = []
    for well in wells:
        if choice.takes(well):
            found += _fields_in(address, well, choice)
    if not found and not any(map(choice.takes, wells)):
        raise ImageFileError(
            f"No well of {address} is called {' or '.join(choice.wells)}. It has "
            f"{', '.join(wells)}."
        )
    return _chosen(found, address, choice)


def _fields_in(plate: Address, well: str, choice: FieldChoice) -> list[str]:
    try:
        node = open_node(child(plate, *well.split("/")))
        return [f"{well}/{name}" for name in _fields_of_well(node, choice)]
    except (ImageFileError, OSError, ValueError):  # told when it is opened
        return [well]


def _fields_of_well(node: Node, choice: FieldChoice) -> list[str]:
    names = _paths(node, "well", "images")
    if not choice.fields:
        return names
    return [names[number] for number in choice.fields if number < len(names)]


def _chosen(found: list[str], address: Address, choice: FieldChoice) -> list[str]:
    if found:
        return found
    numbers = ", ".join(map(str, choice.fields))
    raise ImageFileError(
        f"No chosen well of {address} has a field {numbers}. They are counted from 0."
    )


def _paths(node: Node, kind: str, entries: str) -> list[str]:
    """What a plate's or a well's metadata list."""
    try:
        listed: Any = node.ome[kind][entries]
        paths = [str(entry["path"]).strip("/") for entry in listed]
    except (LookupError, TypeError) as error:
        raise ImageFileError(
            f"{node.address} does not list its {entries}, as a {kind} of OME-Zarr "
            "does. Write its metadata anew."
        ) from error
    if not paths:
        raise ImageFileError(f"{node.address} is a {kind} without {entries}.")
    return paths
