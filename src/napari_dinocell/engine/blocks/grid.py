"""Blocks: a plane cut into rectangles that can be worked on apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Shape2D


class Plane(Protocol):
    """A plane (Y, X) of which parts can be read: an array, a zarr array or the like."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width in pixels."""

    def __getitem__(self, part: tuple[slice, slice], /) -> NDArray[Any]:
        """Pixels of rows and columns."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Rows `top` to `bottom` and columns `left` to `right`, without the ends."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def shape(self) -> Shape2D:
        """Height and width in pixels."""
        return self.bottom - self.top, self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, as for indexing the plane."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, halo: int, shape: Shape2D) -> Window:
        """With `halo` more pixels on each side, as far as the plane goes."""
        return Window(
            max(0, self.top - halo),
            min(shape[0], self.bottom + halo),
            max(0, self.left - halo),
            min(shape[1], self.right + halo),
        )

    def inside(self, other: Window) -> tuple[slice, slice]:
        """Rows and columns of this window in an array of another one around it."""
        return (
            slice(self.top - other.top, self.bottom - other.top),
            slice(self.left - other.left, self.right - other.left),
        )

    def common(self, other: Window) -> Window | None:
        """What both windows cover, if anything."""
        found = Window(
            max(self.top, other.top),
            min(self.bottom, other.bottom),
            max(self.left, other.left),
            min(self.right, other.right),
        )
        empty = found.top >= found.bottom or found.left >= found.right
        return None if empty else found

    def part(self, rows: slice, columns: slice) -> Window:
        """The window of some rows and columns of this one."""
        return Window(
            self.top + rows.start,
            self.top + rows.stop,
            self.left + columns.start,
            self.left + columns.stop,
        )


@dataclass(frozen=True, slots=True)
class BlockGrid:
    """A plane cut into blocks of one size; the last row and column may be smaller."""

    shape: Shape2D
    """Height and width of the plane in pixels."""
    side: int
    """Of a block, in pixels."""

    @property
    def counts(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        height, width = self.shape
        return -(-height // self.side), -(-width // self.side)

    def __len__(self) -> int:
        """Number of blocks."""
        rows, columns = self.counts
        return rows * columns

    def meeting(self, window: Window) -> list[int]:
        """Numbers of the blocks that hold pixels of a window, which is not empty."""
        side, across = self.side, self.counts[1]
        rows = range(window.top // side, (window.bottom - 1) // side + 1)
        columns = range(window.left // side, (window.right - 1) // side + 1)
        return [row * across + column for row in rows for column in columns]

    def window(self, number: int) -> Window:
        """The block of a number, counted from 0, row by row."""
        row, column = divmod(number, self.counts[1])
        return Window(
            row * self.side,
            min((row + 1) * self.side, self.shape[0]),
            column * self.side,
            min((column + 1) * self.side, self.shape[1]),
        )
