"""What the cells of a file are called: each page by itself, linked, or by lineage.

Lineages are known after the last page only. Until then pages wait in a temporary file,
compressed, so that memory does not grow with their number.
"""

from __future__ import annotations

import pickle
import zlib
from contextlib import AbstractContextManager
from dataclasses import replace
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.labels.consecutive_ids import ConsecutiveIds
from napari_dinocell.engine.lineage.find import find_lineage
from napari_dinocell.engine.lineage.observe import Observer
from napari_dinocell.engine.lineage.rename import rename_cells
from napari_dinocell.engine.link import PageLinker
from napari_dinocell.engine.results.stack_lineage import z_step_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.batch.segment_pages import PageResult
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.lineage.table import Lineage

QUICKLY = 1
"""Level of compression: labels shrink to a hundredth all the same."""


class CellNames(AbstractContextManager["CellNames"]):
    """Names the cells of one file, page after page.

    Parameters
    ----------
    config
        Says whether cells are linked, followed through divisions, or numbered.
    image
        Whose pages they are.

    Raises
    ------
    ImageError
        If lineages are asked for, and there are no frames.
    """

    def __init__(self, config: SegmentConfig, image: ImageFile) -> None:
        # Cells of a volume go through its slices already.
        is_linked = config.link and not config.stack.volume
        self._linker = PageLinker() if is_linked else None
        self._numbers = ConsecutiveIds() if config.consecutive_ids else None
        self._waiting = _Waiting(image) if config.lineages else None
        self.lineage: Lineage | None = None
        """Under the final names, once all pages are there; None if nobody asks."""

    def __exit__(self, *_: object) -> None:
        if self._waiting is not None:
            self._waiting.close()

    def add(self, result: PageResult) -> Iterator[PageResult]:
        """Take the next page; pages come back once their cells have their names."""
        if self._linker is not None:
            linked = self._linker.link(result.labels, result.index)
            result = replace(result, labels=linked)
        if self._waiting is None:
            yield self._numbered(result)
        else:
            self._waiting.add(result)

    def rest(self) -> Iterator[PageResult]:
        """The pages that are left, after the last one was added."""
        if self._waiting is None:
            return
        lineage, pages = self._waiting.named()
        for result in pages:
            yield self._numbered(result)
        numbers = self._numbers
        self.lineage = (
            lineage if numbers is None else lineage.renamed(numbers.numbers())
        )

    def _numbered(self, result: PageResult) -> PageResult:
        if self._numbers is None:
            return result
        return replace(result, labels=self._numbers.renumber(result.labels))


class _Waiting:
    """Linked pages, until the last one has come."""

    def __init__(self, image: ImageFile) -> None:
        axes = image.page_axes
        if "T" not in axes or set(axes) - set("TZ"):
            found = f"pages along {axes}" if axes else "one plane"
            raise ImageError(
                f"Expected frames (T) to find lineages in {image.path.name}, got "
                f"{found}. If they are frames, say so: --axes TYX."
            )
        self._axes = axes
        self._z_step = z_step_of(image.pixel_size)
        self._observer = Observer()
        self._file = TemporaryFile()  # noqa: SIM115 - `close` does
        self._lengths: list[int] = []

    def close(self) -> None:
        self._file.close()

    def add(self, result: PageResult) -> None:
        place = dict(zip(self._axes, result.index, strict=True))
        self._observer.add(result.labels, place["T"], place.get("Z", 0))
        data = zlib.compress(pickle.dumps(result, protocol=5), QUICKLY)
        self._lengths.append(self._file.write(data))

    def named(self) -> tuple[Lineage, Iterator[PageResult]]:
        lineage, names = find_lineage(self._observer.finish(), z_step=self._z_step)
        frame_axis = self._axes.index("T")

        def pages() -> Iterator[PageResult]:
            self._file.seek(0)
            for length in self._lengths:
                result: PageResult = pickle.loads(
                    zlib.decompress(self._file.read(length))
                )
                frame = result.index[frame_axis]
                labels = rename_cells(result.labels, names, frame).astype(np.int32)
                yield replace(result, labels=labels)

        return lineage, pages()
