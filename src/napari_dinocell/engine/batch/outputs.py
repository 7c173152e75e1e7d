"""Where the labels of one image go: files in a folder, or the image's own store."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from napari_dinocell.engine.images.naming_file import naming_file
from napari_dinocell.engine.images.ome_zarr.node import open_node
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.export import open_labels
from napari_dinocell.engine.results.lineage_csv import lineage_path, write_lineage
from napari_dinocell.engine.results.provenance import (
    Provenance,
    read_provenance,
    sidecar_path,
    write_provenance,
)
from napari_dinocell.engine.results.zarr_labels.layout import layout_of_image
from napari_dinocell.engine.results.zarr_labels.publish import open_label_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.lineage.table import Lineage
    from napari_dinocell.engine.results.export import LabelPages
    from napari_dinocell.engine.results.zarr_labels.store import LabelStore

    Finish: TypeAlias = Callable[[], None]

KEY = "dinocell"
"""Of the attributes of a label image that tell how it came about."""

LINEAGE_KEY = "dinocell_lineage"
"""Of its lineage: a list of tracks, each with id, first, last and parent."""


class PageWriter(Protocol):
    """Takes the pages of one image, in their order; those left out are background."""

    def add(self, index: tuple[int, ...], labels: Labels) -> None:
        """Take the labels (Y, X) of one page."""
        ...

    def sign(self, provenance: Provenance, lineage: Lineage | None = None) -> None:
        """Take what tells of the labels, and of their lineage, after the last page."""
        ...


class Output(Protocol):
    """One place for labels and their provenance."""

    def former(self) -> Provenance | None:
        """What is told of labels that are there; None if there are none.

        Raises
        ------
        DinoCellError
            If that cannot be read.
        """
        ...

    def open(
        self, image: ImageFile, finish: Finish
    ) -> AbstractContextManager[PageWriter]:
        """Write labels whole, or leave what is there as it was.

        Parameters
        ----------
        image
            Whose labels they are.
        finish
            Writes what is made of the labels, once they are on disk. Nothing vouches
            for them before that.

        Raises
        ------
        ExportError
            If they cannot be written.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileOutput:
    """A file of labels, with its side-car beside it."""

    labels: Path

    def former(self) -> Provenance | None:
        """See `Output`."""
        sidecar = sidecar_path(self.labels)
        if not (self.labels.is_file() and sidecar.is_file()):
            return None
        provenance = read_provenance(sidecar)
        if provenance.lineage is not None and not lineage_path(self.labels).is_file():
            return None
        return provenance

    @contextmanager
    def open(self, image: ImageFile, finish: Finish) -> Iterator[PageWriter]:
        """See `Output`."""
        sidecar = sidecar_path(self.labels)
        with open_labels(
            self.labels,
            axes=image.page_axes,
            counts=image.page_counts,
            pixel_size=image.pixel_size,
        ) as file:
            writer = _FileWriter(file, image)
            yield writer
            writer.fill()
            # From here until the new one is written, no side-car vouches for labels.
            sidecar.unlink(missing_ok=True)
        finish()
        assert writer.provenance is not None  # whoever writes pages signs them
        if writer.lineage is not None:
            with replaced_file(lineage_path(self.labels)) as temporary:
                write_lineage(temporary, writer.lineage)
        write_provenance(sidecar, writer.provenance)


class _FileWriter:
    """Pages in their order, with background where none is given."""

    def __init__(self, file: LabelPages, image: ImageFile) -> None:
        self._file = file
        self._ahead = image.indices()
        self._shape = image.plane_shape
        self.provenance: Provenance | None = None
        self.lineage: Lineage | None = None

    def add(self, index: tuple[int, ...], labels: Labels) -> None:
        """See `PageWriter`."""
        for ahead in self._ahead:
            if ahead == index:
                break
            self._add_background()
        self._file.add(labels)

    def sign(self, provenance: Provenance, lineage: Lineage | None = None) -> None:
        """See `PageWriter`."""
        self.provenance, self.lineage = provenance, lineage

    def fill(self) -> None:
        """Add the pages that are left."""
        for _ in self._ahead:
            self._add_background()

    def _add_background(self) -> None:
        self._file.add(np.zeros(self._shape, np.int32))


@dataclass(frozen=True, slots=True)
class StoreOutput:
    """A label image inside the image that it belongs to."""

    labels: Path
    """Its group, IMAGE/labels/NAME."""
    overwrite: bool = False

    def former(self) -> Provenance | None:
        """See `Output`."""
        if not self.labels.is_dir():
            return None
        return provenance_of_store(self.labels)

    @contextmanager
    def open(self, image: ImageFile, finish: Finish) -> Iterator[PageWriter]:
        """See `Output`."""
        name = self.labels.name
        layout = layout_of_image(image, name=name)
        overwrite = self.overwrite
        with open_label_store(image.path, layout, name, overwrite=overwrite) as store:
            yield _StoreWriter(store)
        finish()


@dataclass(frozen=True, slots=True)
class _StoreWriter:
    store: LabelStore

    def add(self, index: tuple[int, ...], labels: Labels) -> None:
        """See `PageWriter`."""
        self.store.write(index, labels)

    def sign(self, provenance: Provenance, lineage: Lineage | None = None) -> None:
        """See `PageWriter`."""
        self.store.describe(**{KEY: provenance.to_dict()})
        if lineage is not None:
            self.store.describe(**{LINEAGE_KEY: [asdict(t) for t in lineage.tracks]})


def provenance_of_store(labels: Path) -> Provenance | None:
    """How the labels in a group of OME-Zarr came about; None where nothing says it.

    Raises
    ------
    DinoCellError
        If that cannot be read.
    """
    with naming_file(labels):
        values = open_node(labels).attributes.get(KEY)
    return None if values is None else Provenance.from_dict(values)
