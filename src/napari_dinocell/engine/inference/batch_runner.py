"""Run the network on batches of tiles, on one rung of the memory ladder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_dinocell.engine.errors import PredictionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
    from napari_dinocell.engine.inference.memory_ladder import Rung
    from napari_dinocell.engine.inference.tiling import Tile


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """Tiles that the device may still be working on."""

    tiles: Sequence[Tile]
    distances: torch.Tensor
    """(B, 1, H, W) float32 in host memory; not to be read before `arrived`."""
    arrived: Any = None
    """Event of the device, None if the work is done."""

    def wait(self) -> NDArray[np.float32]:
        """Distances (B, H, W) once they are there.

        Raises
        ------
        PredictionError
            If the network returned NaN or infinities.
        RuntimeError
            If the device failed in the meantime.
        """
        if self.arrived is not None:
            self.arrived.synchronize()
        distances: NDArray[np.float32] = self.distances[:, 0].numpy()
        if not np.isfinite(distances).all():
            raise PredictionError(
                "Expected distances in [0, 1], but the network returned values that "
                "are not numbers. Try precision float32; if it happens there, too, the "
                "checkpoint is damaged: train or download it again."
            )
        return distances


class BatchRunner:
    """The network on one device, in one precision.

    Parameters
    ----------
    model
        Takes (B, 1, H, W) in [0, 1], gives the same shape; in evaluation mode.
    rung
        Device and precision. The model is moved there.
    """

    def __init__(self, model: torch.nn.Module, rung: Rung) -> None:
        self._rung = rung
        self._model = model.to(rung.device)

    @property
    def lookahead(self) -> int:
        """Batches worth submitting before the first is waited for.

        A GPU computes the next batch while the former is blended; a CPU gains
        nothing, and would only show and cancel later.
        """
        return 1 if self._rung.device.type == "cuda" else 0

    @torch.inference_mode()
    def submit(self, image: AdjustedImage, tiles: Sequence[Tile]) -> PendingBatch:
        """Start the network on some tiles of an image.

        Raises
        ------
        RuntimeError, MemoryError
            Whatever torch raises, out of memory above all.
        """
        device = self._rung.device
        stack = torch.from_numpy(read_tiles(image, tiles)).to(device)
        with torch.autocast(
            device.type, torch.bfloat16, enabled=self._rung.precision == "bfloat16"
        ):
            distances = self._model(stack).float()
        if device.type != "cuda":
            return PendingBatch(tiles, distances.cpu())
        # non_blocking copies into pinned memory while the host goes on
        host = distances.to("cpu", non_blocking=True)
        arrived = torch.cuda.current_stream(device).record_event()
        return PendingBatch(tiles, host, arrived)


def read_tiles(image: AdjustedImage, tiles: Sequence[Tile]) -> NDArray[np.float32]:
    """Tiles of an image as a batch (B, 1, H, W); reflected where the plane ends."""
    first = tiles[0]
    batch = np.empty((len(tiles), 1, first.height, first.width), np.float32)
    for index, tile in enumerate(tiles):
        window = image.window(tile.rows, tile.columns)
        missing = (tile.height - window.shape[0], tile.width - window.shape[1])
        if any(missing):
            # repeats the reflection as often as needed, and the edge of a single line
            window = np.pad(window, [(0, m) for m in missing], mode="reflect")
        batch[index, 0] = window
    return batch
