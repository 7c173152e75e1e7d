"""A model made ready for inference: loaded, simplified, on its device."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from napari_dinocell.engine.inference.device import (
    choose_device,
    choose_precision,
    default_batch_size,
    free_memory,
)
from napari_dinocell.engine.inference.events import Degraded
from napari_dinocell.engine.inference.memory_ladder import first_rung
from napari_dinocell.engine.inference.orientations import MeanOverOrientations
from napari_dinocell.engine.inference.predict import predict_distance_map
from napari_dinocell.engine.inference.self_test import agrees_with_cpu, bfloat16_agrees
from napari_dinocell.engine.inference.small_cells import outline_excess
from napari_dinocell.engine.inference.tile_job import TileJob
from napari_dinocell.engine.model.checkpoint import load_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell, merge_batch_norm
from napari_dinocell.engine.model.unet_decoder import SkipStage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from napari_dinocell.engine.arrays import GrayImage
    from napari_dinocell.engine.config import DeviceName, TilingConfig
    from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
    from napari_dinocell.engine.inference.device import Precision, PrecisionName
    from napari_dinocell.engine.inference.events import SegmentEvent, TileDone
    from napari_dinocell.engine.inference.predict import Viewport
    from napari_dinocell.engine.inference.tile_job import MapReceiver
    from napari_dinocell.engine.inference.tiling import Tile


class ChannelsLast(nn.Module):
    """A layer whose output is laid out channels-last, whatever the layer prefers."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, image: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H, W)."""
        result: Tensor = self.layer(image)
        return result.contiguous(memory_format=torch.channels_last)


def prepare_for_inference(model: DinoCell) -> DinoCell:
    """Change a model for speed: BatchNorm merged, convolutions channels-last.

    It is the same model, not a copy, and can be neither trained nor saved any more.
    A 1x1 convolution answers channels-first. Upsampled, joined and handed to a 3x3
    convolution, its answer would be laid out anew 64 times as large; hence the skips
    are laid out while they are small (a tenth of the time of vits8 on a CPU).
    """
    merge_batch_norm(model)
    for stage in model.decoder.stages:
        if isinstance(stage, SkipStage):
            stage.register_module("skip", ChannelsLast(stage.skip))
    for parameter in model.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(
                memory_format=torch.channels_last
            )
    return model


class Network:
    """Predicts distance maps, and remembers what memory allowed.

    Parameters
    ----------
    path
        A checkpoint.
    device
        Where it shall run.
    precision
        Of its matrix products.

    Raises
    ------
    DeviceError
        If there is no such device.
    CheckpointError
        If the checkpoint cannot be used.
    """

    def __init__(
        self, path: Path, *, device: DeviceName, precision: PrecisionName
    ) -> None:
        self.device = choose_device(device)
        """Where the network runs: the CPU once memory ran out elsewhere."""
        self._precision: PrecisionName = precision
        self._batch_limit: int | None = None
        model, self.info = load_checkpoint(path)
        self._model = prepare_for_inference(model)
        self.degraded: Degraded | None = self._test_itself()
        """What the self-test of the device found wrong, if anything."""

    @property
    def precision(self) -> Precision:
        """Precision of the matrix products on the device."""
        return choose_precision(self.device, self._precision)

    def predict(
        self,
        image: GrayImage | AdjustedImage,
        tiling: TilingConfig,
        *,
        scale: float = 1.0,
        augment: int = 1,
        viewport: Viewport | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Iterator[SegmentEvent]:
        """Predict a map as `predict_distance_map` does, on the rung last reached.

        With `augment` the map is the mean over so many flips and turns of each tile.

        A batch or a device that was too much for one plane is not tried again with
        the next.
        """
        for event in predict_distance_map(
            self._asked(augment),
            image,
            self._limited(tiling),
            device=self.device,
            precision=self.precision,
            scale=scale,
            excess=outline_excess(scale, self.info.cell_diameter),
            viewport=viewport,
            cancel=cancel,
        ):
            self._remember(event)
            yield event

    def predict_tiles(
        self,
        image: AdjustedImage,
        tiles: Sequence[Tile],
        receiver: MapReceiver,
        tiling: TilingConfig,
        *,
        augment: int = 1,
    ) -> Iterator[TileDone | Degraded]:
        """Predict some tiles of an image at the network's scale, on the rung reached.

        Parameters
        ----------
        image
            (Y, X), resized; tiles are positions in it.
        tiles
            All of one size.
        receiver
            Gets the network's answers.
        tiling
            Of which the batch size counts.
        augment
            As in `predict`.

        Raises
        ------
        PredictionError
            If the network fails.
        """
        rung = first_rung(
            self._model, self.device, self.precision, self._limited(tiling).batch_size
        )
        job = TileJob(self._asked(augment), image, tiles, receiver, rung)
        try:
            while not job.finished:
                for event in job.advance():
                    self._remember(event)
                    yield event
        finally:
            job.free_memory()

    def _asked(self, augment: int) -> nn.Module:
        """The model, or its mean over flips and turns."""
        return (
            MeanOverOrientations(self._model, augment) if augment > 1 else self._model
        )

    def _limited(self, tiling: TilingConfig) -> TilingConfig:
        """Tiling with a batch that did not prove too much."""
        size = tiling.batch_size or default_batch_size(self.device, self._model)
        return replace(tiling, batch_size=min(size, self._batch_limit or size))

    def _remember(self, event: SegmentEvent) -> None:
        if isinstance(event, Degraded):
            self._batch_limit = event.batch_size
            self.device = torch.device(event.device)

    def free_memory(self) -> None:
        """Give the device's memory back; the network is of no use afterwards."""
        self._model.to("cpu")
        free_memory(self.device)

    def _test_itself(self) -> Degraded | None:
        """Ask where wrong maps without an error have been seen, and avoid them."""
        if self.device.type == "mps" and not agrees_with_cpu(self._model, self.device):
            return self._move_to_cpu(f"{self.device} computes other values")
        low = self.device.type == "cpu" and self.precision == "bfloat16"
        if low and not bfloat16_agrees(self._model):
            return self._leave_bfloat16()
        return None

    def _leave_bfloat16(self) -> Degraded:
        self._precision = "float32"
        size = default_batch_size(self.device, self._model)
        reason = "this CPU gives other values in bfloat16"
        return Degraded(reason, "using float32, which is slower", size, "cpu")

    def _move_to_cpu(self, reason: str) -> Degraded:
        self.device = torch.device("cpu")
        size = default_batch_size(self.device, self._model)
        return Degraded(reason, "moved to the CPU, which is slower", size, "cpu")
