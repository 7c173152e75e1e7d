"""What a file holds, by its first bytes; and names by which images are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

FileKind: TypeAlias = Literal["tiff", "picture", "npy", "zarr", "microscope"]
"""The last one stands for formats that an extra library reads."""

TIFF_SUFFIXES = (
    ".tif", ".tiff", ".lsm", ".stk", ".svs", ".btf", ".tf2", ".tf8", ".qptiff",
    ".ndpi", ".scn", ".flex",
)  # fmt: skip
"""TIFF under the names that microscopes and slide scanners give it."""

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
ARRAY_SUFFIX = ".npy"
FOLDER_SUFFIXES = (".ome.zarr", ".zarr")
"""Of images that are folders."""

ZARR_METADATA = ("zarr.json", ".zgroup", ".zattrs", ".zarray")
"""One of these files makes a folder Zarr."""

MICROSCOPE_SUFFIXES = (
    ".czi", ".nd2", ".lif", ".dv", ".r3d", ".ims", ".oib", ".oif", ".oir", ".vsi",
)  # fmt: skip

IMAGE_SUFFIXES = (
    *TIFF_SUFFIXES, *PICTURE_SUFFIXES, ARRAY_SUFFIX, *FOLDER_SUFFIXES,
    *MICROSCOPE_SUFFIXES,
)  # fmt: skip

LABEL_ENDINGS = (
    "_cp_masks", "_labels", "_label", "_masks", "_mask", "_seg",
)  # fmt: skip
OVERLAY_ENDING = "_overlay"
"""Names of results, and of labels to train on: never taken for images in a folder."""

_STARTS: dict[bytes, FileKind] = {
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",  # BigTIFF
    b"MM\0+": "tiff",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"\x93NUMPY": "npy",
}


def name_of_image(labels: str) -> str:
    """Name of the image that labels of this name belong to, both without suffixes."""
    ending = next((end for end in LABEL_ENDINGS if labels.endswith(end)), "")
    return labels.removesuffix(ending)


def kind_by_content(path: Path) -> FileKind | None:
    """Kind of a file that starts as such files do, or of a folder; None for others."""
    if any((path / name).is_file() for name in ZARR_METADATA):
        return "zarr"
    if not path.is_file():
        return None
    with path.open("rb") as file:
        start = file.read(8)
    return next((k for magic, k in _STARTS.items() if start.startswith(magic)), None)


def kind_by_name(path: Path) -> FileKind | None:
    """Kind that the suffix promises; None for other files."""
    suffix = suffix_of(path)
    if suffix in TIFF_SUFFIXES:
        return "tiff"
    if suffix in PICTURE_SUFFIXES:
        return "picture"
    if suffix == ARRAY_SUFFIX:
        return "npy"
    if suffix in FOLDER_SUFFIXES:
        return "zarr"
    return "microscope" if suffix in MICROSCOPE_SUFFIXES else None


def suffix_of(path: Path) -> str:
    """The suffix in small letters; of OME-Zarr both parts of it."""
    name = path.name.lower()
    return ".ome.zarr" if name.endswith(".ome.zarr") else path.suffix.lower()
