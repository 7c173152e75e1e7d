"""The facade: one model, one plane at a time; a slow map, then fast labels.

Torch is imported when the model is first needed, so that making a `Segmenter`, and
asking a model for its card, costs nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.contrast.channel import chosen_plane
from napari_dinocell.engine.errors import ImageError, NeedsTrainingError
from napari_dinocell.engine.inference.events import (
    ChannelChosen,
    DistanceMapReady,
    ModelLoaded,
    ScaleChosen,
)
from napari_dinocell.engine.inference.fingerprint import fingerprint_of
from napari_dinocell.engine.inference.plane_map import LazyWatershed, PlaneMap
from napari_dinocell.engine.inference.plane_prediction import predict_plane
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.engine.model.read_info import read_info
from napari_dinocell.engine.watershed.summits import mask_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_dinocell.engine.arrays import DistanceMap, Image, Labels, Mask
    from napari_dinocell.engine.config import DeviceName, WatershedConfig
    from napari_dinocell.engine.inference.device import PrecisionName
    from napari_dinocell.engine.inference.events import SegmentEvent
    from napari_dinocell.engine.inference.network import Network
    from napari_dinocell.engine.inference.predict import Viewport
    from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo
    from napari_dinocell.engine.watershed.cell_query import CellQuery


class Segmenter:
    """Segments planes with one model, and relabels the last one at once.

    `steps` is slow and runs wherever it is iterated, in a worker for example;
    `labels` is fast and may be called from another thread at any time. A run that
    fails or is cancelled leaves the former map and labels as they were.

    Parameters
    ----------
    model
        A model's name or the path of a checkpoint; None is the bundled model.
    device
        auto, cpu, mps, cuda or cuda:N; looked for when the model is loaded.
    precision
        auto, float32 or bfloat16.

    Raises
    ------
    CheckpointNotFoundError
        If there is no such model.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        device: DeviceName = "auto",
        precision: PrecisionName = "auto",
    ) -> None:
        self.path = resolve_model(model)
        """The checkpoint. A file that changes is read by a new `Segmenter` only."""
        self._wanted_device = device
        self._wanted_precision: PrecisionName = precision
        self._info: CheckpointInfo | None = None
        self._network: Network | None = None
        self._plane_map: PlaneMap | None = None

    @property
    def info(self) -> CheckpointInfo:
        """The model's card, read without its weights."""
        if self._info is None:
            self._info = read_info(self.path)
        return self._info

    @property
    def device(self) -> DeviceName:
        """Device that is really used; the one asked for until the model is loaded."""
        network = self._network
        return self._wanted_device if network is None else str(network.device)

    @property
    def precision(self) -> PrecisionName:
        """Precision really used; the one asked for until the model is loaded."""
        network = self._network
        return self._wanted_precision if network is None else network.precision

    @property
    def distance_map(self) -> DistanceMap | None:
        """Map (Y, X) of the last plane that was finished; read it, never write it."""
        return None if self._plane_map is None else self._plane_map.ready.distance_map

    @property
    def config(self) -> SegmentConfig | None:
        """Settings of that map: `same_map` tells whether others need a new one."""
        return None if self._plane_map is None else self._plane_map.config

    @property
    def scale(self) -> ScaleChosen | None:
        """How that plane was resized; None if no cell diameter was asked for."""
        return None if self._plane_map is None else self._plane_map.scale

    @property
    def watershed(self) -> LazyWatershed | None:
        """Live watershed of that map, for whoever relabels the plane later on."""
        return None if self._plane_map is None else self._plane_map.watershed

    def default_config(self) -> SegmentConfig:
        """Settings with the model's own contrast and thresholds."""
        info = self.info
        return SegmentConfig(contrast=info.run_contrast, watershed=info.run_watershed)

    def steps(
        self,
        image: Image,
        config: SegmentConfig | None = None,
        *,
        channel_axis: int | None = None,
        viewport: Viewport | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Iterator[SegmentEvent]:
        """Make the distance map of a plane.

        The map of the last plane is used again if the pixels (by their checksum) and
        all settings but the thresholds are the same.

        Parameters
        ----------
        image
            One plane: (Y, X), RGB(A), or channels along `channel_axis`.
        config
            Settings; None takes the model's own.
        channel_axis
            Axis of the channels of a 3-D image that is not RGB.
        viewport
            Rows and columns whose tiles come first.
        cancel
            Asked before each batch; once it says True the iterator just ends.

        Yields
        ------
        The events of `inference.events`, `DistanceMapReady` last unless cancelled.

        Raises
        ------
        NeedsTrainingError
            If the model's decoder was never trained.
        DinoCellError
            Any other kind, if image, settings, device or model cannot be used.
        """
        config = config or self.default_config()
        self._check_trained()
        plane, channel = chosen_plane(image, config, channel_axis=channel_axis)
        yield from [] if channel is None else [ChannelChosen(channel)]
        fingerprint = fingerprint_of(plane)
        known = self._plane_map
        if known is not None and known.serves(fingerprint, config):
            self._plane_map = replace(known, config=config)
            yield from [known.scale] if known.scale is not None else []
            yield replace(known.ready, seconds=0.0)
            return
        if self._network is None:
            yield from self._load()
        yield from self._predict(plane, config, fingerprint, viewport, cancel)

    def labels(
        self,
        watershed: WatershedConfig | None = None,
        *,
        region: tuple[slice, slice] | None = None,
        mask: Mask | None = None,
    ) -> Labels:
        """Label the cells of the last plane: fast, from its map.

        Parameters
        ----------
        watershed
            Thresholds; None takes those that the plane was segmented with.
        region
            Rows and columns to label, for less work; None labels the plane. Holes
            are filled if they lie inside.
        mask
            (Y, X): cells whose innermost pixel, the summit of the map, is not in it are
            dropped.

        Returns
        -------
        Instance ids (Y, X), int32. A cell keeps its id while thresholds change; hence
        ids are not consecutive. `expand` and `consecutive_ids` are for `segment` and
        for labels that are written, and do nothing here.

        Raises
        ------
        ImageError
            If no plane has been segmented yet, or the mask has another shape.
        """
        query = self._query(watershed, mask)
        return query.labels() if region is None else query.labels(region)

    def count(self, watershed: WatershedConfig | None = None) -> int:
        """Count the cells of the last plane without making an image of them.

        Raises
        ------
        ImageError
            If no plane has been segmented yet.
        """
        return self._query(watershed).count()

    def unload(self) -> None:
        """Drop the model and give its memory back; the map and its labels stay.

        Not while `steps` is running.
        """
        if self._network is not None:
            self._network.free_memory()
            self._network = None

    def forget_map(self) -> None:
        """Drop the map and all that was computed from it."""
        self._plane_map = None

    def _check_trained(self) -> None:
        if self.info.needs_training:
            raise NeedsTrainingError(
                f"Expected a trained model, but {self.path.name} holds a backbone "
                "only. Train it on some labelled images first, or choose another model."
            )

    def _load(self) -> Iterator[SegmentEvent]:
        from napari_dinocell.engine.inference.network import Network

        network = Network(
            self.path, device=self._wanted_device, precision=self._wanted_precision
        )
        self._network, self._info = network, network.info
        yield ModelLoaded(network.info.name, self.device, network.precision)
        yield from [network.degraded] if network.degraded is not None else []

    def _predict(
        self,
        plane: Image,
        config: SegmentConfig,
        fingerprint: bytes,
        viewport: Viewport | None,
        cancel: Callable[[], bool] | None,
    ) -> Iterator[SegmentEvent]:
        network = self._network
        assert network is not None
        scale = None
        for event in predict_plane(
            network, plane, config, viewport=viewport, cancel=cancel
        ):
            if isinstance(event, ScaleChosen):
                scale = event
            elif isinstance(event, DistanceMapReady):
                watershed = LazyWatershed(event.distance_map)
                self._plane_map = PlaneMap(fingerprint, config, scale, event, watershed)
            yield event

    def _query(
        self, config: WatershedConfig | None, mask: Mask | None = None
    ) -> CellQuery:
        plane_map = self._plane_map
        if plane_map is None:
            raise ImageError(
                "Expected a segmented image, but there is no distance map yet. Run "
                "all of steps(image) first."
            )
        return plane_map.watershed.query(
            config or plane_map.config.watershed,
            within=mask_for(mask, plane_map.ready.distance_map.shape),
        )
