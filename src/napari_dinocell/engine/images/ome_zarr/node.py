"""Groups of a Zarr store, on a disk or at an address, and what OME-Zarr they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.extras import install_command
from napari_dinocell.engine.images.ome_zarr.metadata import ome_part

if TYPE_CHECKING:
    from collections.abc import Mapping

Address: TypeAlias = Path | str
"""A folder, or the URL of what lies elsewhere."""

NodeKind: TypeAlias = Literal["image", "plate", "well", "collection"]
"""A collection is what bioformats2raw makes of a file with several images."""

COLLECTION_KEY = "bioformats2raw.layout"

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Node:
    """One group, by its metadata."""

    address: Address
    attributes: Mapping[str, Any]
    zarr_format: int
    """2 below OME-Zarr 0.4, 3 below 0.5."""

    @property
    def ome(self) -> Mapping[str, Any]:
        """The OME metadata, wherever the version has them."""
        return ome_part(self.attributes)

    @property
    def kind(self) -> NodeKind | None:
        """What it is; None for Zarr without OME metadata."""
        if "multiscales" in self.ome:
            return "image"
        if "plate" in self.ome:
            return "plate"
        if "well" in self.ome:
            return "well"
        both = {**self.attributes, **self.ome}
        return "collection" if COLLECTION_KEY in both or "series" in both else None


def is_url(text: Address) -> bool:
    """Whether an address leads elsewhere than to a disk."""
    return isinstance(text, str) and _URL.match(text) is not None


def child(address: Address, *names: str) -> Address:
    """What lies in a group."""
    if isinstance(address, Path):
        return address.joinpath(*names)
    return "/".join((address.rstrip("/"), *names))


def open_node(address: Address) -> Node:
    """Read the metadata of a group.

    Raises
    ------
    ImageFileError
        If there is none, if its metadata are damaged, or if the address does not
        answer.
    """
    import zarr

    group = _opened(address, zarr.open_group, use_consolidated=False)
    return Node(address, group.attrs.asdict(), group.metadata.zarr_format)


def open_array(address: Address) -> Any:
    """Open an array for reading; its pixels stay where they are.

    Raises
    ------
    ImageFileError
        As for `open_node`.
    """
    import zarr

    return _opened(address, zarr.open_array)


def _opened(address: Address, opener: Any, **options: Any) -> Any:
    from zarr.errors import ContainsArrayError, NodeTypeValidationError

    # zarr 3.0 and 3.1.0 do no more than assert that a node is of the right type
    wrong_kind = ContainsArrayError, NodeTypeValidationError, AssertionError
    store = str(address)
    try:
        return opener(store, mode="r", **options)
    except wrong_kind as error:
        raise ImageFileError(
            f"{store} is a bare Zarr array, of which nobody knows the axes. Give the "
            "OME-Zarr image that it is part of."
        ) from error
    except (FileNotFoundError, KeyError) as error:
        raise ImageFileError(
            f"Expected OME-Zarr in {store}, and found no Zarr there. Check its name, "
            "or copy it again."
        ) from error
    except ImportError as error:
        raise ImageFileError(
            f"{store} needs libraries that read from other machines ({error}). Install "
            f"them by {install_command('remote')}, or copy it to a disk."
        ) from error
    except Exception as error:
        if is_url(address):
            raise ImageFileError(
                f"{store} does not answer: {str(error) or repr(error)}. Check the "
                "address and the network, or copy it to a disk."
            ) from error
        raise
