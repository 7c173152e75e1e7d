"""Colours of single labels in a layer, and the way back to the original ones."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

COLORMAP = "viridis"

STEPS = 128
"""Different colours of a column: with few, napari sends one byte per pixel."""

LARGEST_ID = 2**16
"""Beyond it, napari needs numba to give colours to single labels."""

_UNKNOWN = (0.5, 0.5, 0.5, 1.0)
"""Of labels that were not measured."""


class LabelColours:
    """Shows cells of one layer in given colours; undone by `restore`."""

    def __init__(self, layer: Labels) -> None:
        self._layer = layer
        self._own: Any = None
        self._original: Any = None

    @property
    def active(self) -> bool:
        """Whether the layer shows colours of ours."""
        return self._own is not None and _bare(self._layer.colormap) is self._own

    def original(self, ids: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Colours (N, 4) of labels as they are without ours."""
        from napari.utils.colormaps import CyclicLabelColormap

        colormap = self._original if self.active else _bare(self._layer.colormap)
        if colormap.use_selection:  # it would hide all others
            plain = {**colormap.model_dump(), "use_selection": False}
            colormap = type(colormap)(**plain)
        if isinstance(colormap, CyclicLabelColormap):
            return np.asarray(colormap.map(np.asarray(ids)), np.float64)
        single = [colormap.map(int(label)) for label in ids]
        return np.array(single, np.float64).reshape(-1, 4)

    def show(self, ids: NDArray[np.integer[Any]], colours: NDArray[np.float64]) -> None:
        """Give colours (N, 4) to labels (N,); whoever is not named becomes grey."""
        from napari.utils.colormaps import DirectLabelColormap

        layer = self._layer
        if not self.active:
            self._original = _bare(layer.colormap)
        named = zip(ids.tolist(), colours.astype(np.float32), strict=True)
        background = self._original.background_value
        self._own = DirectLabelColormap(
            color_dict={**dict(named), background: np.zeros(4), None: _UNKNOWN},
            background_value=background,
            use_selection=layer.show_selected_label,
            selection=layer.selected_label,
        )
        layer.colormap = self._own

    def restore(self) -> None:
        """Go back to the colours from before, unless others were chosen meanwhile."""
        if self.active:
            self._original.use_selection = self._layer.show_selected_label
            self._original.selection = self._layer.selected_label
            self._layer.colormap = self._original
        self._own = self._original = None


def can_colour(ids: NDArray[np.integer[Any]]) -> bool:
    """Whether napari can give each of these labels a colour of its own."""
    largest = int(ids.max(initial=0))
    return largest <= LARGEST_ID or find_spec("numba") is not None


def colours_of(
    values: NDArray[np.float64], low: float, high: float
) -> NDArray[np.float64]:
    """Colours (N, 4) of numbers between two ends; grey where there is no number."""
    from napari.utils.colormaps import ensure_colormap

    span = high - low
    share = (values - low) / span if span > 0 else np.full(values.shape, 0.5)
    known = np.isfinite(share)
    step = np.round(np.clip(np.where(known, share, 0), 0, 1) * (STEPS - 1))
    colours: NDArray[np.float64] = ensure_colormap(COLORMAP).map(step / (STEPS - 1))
    colours[~known] = _UNKNOWN
    return colours


def _bare(thing: Any) -> Any:
    """Without napari's wrapper of the moment."""
    return getattr(thing, "__wrapped__", thing)
