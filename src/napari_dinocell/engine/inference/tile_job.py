"""The work on one image: tiles to do, tiles under way, and what memory allows."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from napari_dinocell.engine.errors import PredictionError
from napari_dinocell.engine.inference.accumulator import bounding_region
from napari_dinocell.engine.inference.batch_runner import BatchRunner
from napari_dinocell.engine.inference.device import free_memory, is_out_of_memory
from napari_dinocell.engine.inference.events import Degraded, TileDone
from napari_dinocell.engine.inference.memory_ladder import describe_step, next_rung

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from napari_dinocell.engine.arrays import DistanceMap
    from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
    from napari_dinocell.engine.inference.accumulator import Region
    from napari_dinocell.engine.inference.batch_runner import PendingBatch
    from napari_dinocell.engine.inference.memory_ladder import Rung
    from napari_dinocell.engine.inference.tiling import Tile

RELEASE_EVERY = 64
"""Tiles after which a map in a file may leave memory: 16 MiB of pixels."""


class MapReceiver(Protocol):
    """Makes a map of the network's answers, as `MapBuilder` does."""

    @property
    def distance_map(self) -> DistanceMap:
        """The map (Y, X), filled in place."""

    def add(self, tile: Tile, distance: DistanceMap) -> Region:
        """Add the answer to a tile, (H, W); rows and columns that changed."""

    def release(self) -> None:
        """Let large maps leave memory; they stay readable."""


class TileJob:
    """Runs the network over the tiles of an image, one batch per `advance`.

    Parameters
    ----------
    model
        The network, in evaluation mode.
    image
        What the network sees, at its scale.
    tiles
        In the order in which they are wanted; all of one size.
    builder
        Receives the network's answers.
    rung
        How to begin.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        image: AdjustedImage,
        tiles: Sequence[Tile],
        builder: MapReceiver,
        rung: Rung,
    ) -> None:
        self.rung = rung
        """How the network runs at present."""
        self.total = len(tiles)
        self._model = model
        self._image = image
        self._tiles = tiles
        self._builder = builder
        self._runner: BatchRunner | None = None
        self._under_way: deque[PendingBatch] = deque()
        self._started = self._done = self._since_release = 0

    @property
    def distance_map(self) -> DistanceMap:
        """The map (Y, X) in pixels of the image, filled in place."""
        return self._builder.distance_map

    @property
    def finished(self) -> bool:
        """Whether every tile is in the map."""
        return self._done == self.total

    def advance(self) -> list[TileDone | Degraded]:
        """Run one batch, or step down a rung where memory runs out.

        Returns
        -------
        What happened; nothing while a GPU is being given work ahead.

        Raises
        ------
        PredictionError
            If there is no rung left, or the network failed in another way.
        """
        if self._started < self.total:
            reason = self._start_batch()
            if reason is not None:
                return [self._step_down(reason)]
            assert self._runner is not None
            ahead = len(self._under_way) <= self._runner.lookahead
            if ahead and self._started < self.total:
                return []
        return [self._collect(self._under_way.popleft())]

    def free_memory(self) -> None:
        """Drop work under way and give the device's memory back."""
        self._under_way.clear()
        self._runner = None
        self._builder.release()
        free_memory(self.rung.device)

    def _start_batch(self) -> str | None:
        """Start the next tiles; a reason if memory does not suffice for them."""
        batch = self._tiles[self._started : self._started + self.rung.batch_size]
        try:
            if self._runner is None:
                self._runner = BatchRunner(self._model, self.rung)
            self._under_way.append(self._runner.submit(self._image, batch))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise self._failure(error) from error
            # only words leave this block: the error holds the batch that did not fit
            return f"out of memory on {self.rung.device}"
        self._started += len(batch)
        return None

    def _step_down(self, reason: str) -> Degraded:
        former = self.rung
        # where not even the model fits, a smaller batch does not help
        lower = next_rung(former if self._runner else replace(former, batch_size=1))
        self._runner = None
        free_memory(former.device)
        if lower is None:
            raise PredictionError(
                "Memory does not suffice for a single tile on the CPU. Close other "
                "programs, choose a smaller model or a smaller tile size."
            )
        self.rung = lower
        return describe_step(former, lower, reason)

    def _collect(self, batch: PendingBatch) -> TileDone:
        try:
            distances = batch.wait()
        except RuntimeError as error:
            raise self._failure(error) from error
        regions = [
            self._builder.add(tile, distance)
            for tile, distance in zip(batch.tiles, distances, strict=True)
        ]
        self._done += len(regions)
        self._since_release += len(regions)
        if self._since_release >= RELEASE_EVERY:
            self._builder.release()
            self._since_release = 0
        return TileDone(self._done, self.total, bounding_region(regions))

    def _failure(self, error: BaseException) -> PredictionError:
        return PredictionError(
            f"The network failed on {self.rung.device}: {error}. Try the CPU or "
            "another model."
        )
