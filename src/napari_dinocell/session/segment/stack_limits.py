"""One black and one white for all planes of an image: "From all planes" in the dock.

Whole planes count, whatever part of them is segmented, so that parts and planes can be
compared. They are read one by one, in the worker that needs the limits first.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from napari_dinocell.engine.config import Limits, SegmentConfig
    from napari_dinocell.session.image_source import ImageSource


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """Limits, and all that they depend on."""

    data: Callable[[], Any]
    """The image's data as long as it is in use."""
    how: tuple[object, ...]
    limits: Limits


class StackLimits:
    """Measures limits, and knows the last ones while the image has the same data.

    Threads may call: who comes second waits, and finds them known.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: _Measured | None = None

    def known(self, source: ImageSource, config: SegmentConfig) -> bool:
        """Whether `settled` need not read the image."""
        last = self._last
        return config.contrast.limits != "all" or (
            last is not None
            and last.data() is source.data
            and last.how == _how(source, config)
        )

    def settled(
        self, source: ImageSource, config: SegmentConfig, cancel: Callable[[], bool]
    ) -> SegmentConfig:
        """Settings with numbers for the limits of "all" planes; others as they are.

        Where no plane holds more than noise, each is left to itself. Settings stay as
        they are, too, if `cancel` says True meanwhile.

        Raises
        ------
        DinoCellError
            If a plane cannot be used.
        """
        with self._lock:
            if config.contrast.limits == "all" and not self.known(source, config):
                self._last = _measured(source, config, cancel)
            if config.contrast.limits != "all" or self._last is None:
                return config
            return config.with_overrides(limits=self._last.limits)


class _CancelledError(Exception):
    """There are more planes, but nobody wants to know any more."""


def _measured(
    source: ImageSource, config: SegmentConfig, cancel: Callable[[], bool]
) -> _Measured | None:
    """Read all planes; None if that was cancelled."""
    from napari_dinocell.engine.batch.shared_limits import shared_limits

    try:
        shared = shared_limits(_planes(source, config, cancel), config.contrast)
    except _CancelledError:
        return None
    low_high = None if shared is None else (float(shared[0]), float(shared[1]))
    how = _how(source, config)
    return _Measured(_reference(source.data), how, low_high or "image")


def _planes(
    source: ImageSource, config: SegmentConfig, cancel: Callable[[], bool]
) -> Iterator[NDArray[Any]]:
    """All planes (Y, X) as the network would get them."""
    from napari_dinocell.engine.contrast.channel import plane_of

    for index in source.planes():
        if cancel():
            raise _CancelledError
        axis = source.channel_axis_of_plane
        yield plane_of(source.read(index), config, channel_axis=axis)


def _how(source: ImageSource, config: SegmentConfig) -> tuple[object, ...]:
    """What the limits of an image's data depend on."""
    contrast = config.contrast
    return (
        (source.shape, source.plane_axes, source.channel_axis, source.rgb),
        (config.channel, config.channels),
        (contrast.low_percentile, contrast.high_percentile, contrast.robust),
    )


def _reference(data: Any) -> Callable[[], Any]:
    """The data, unless it has gone; what cannot be followed counts as gone."""
    try:
        return ref(data)
    except TypeError:
        return lambda: None
