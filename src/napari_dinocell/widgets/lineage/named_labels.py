"""Daughters get ids of their own in the labels themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.lineage.rename import name_at

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_dinocell.engine.lineage.rename import Renames
    from napari_dinocell.session.segment.image_result import ImageResult


def take_names(layer: Labels, result: ImageResult | None, names: Renames) -> Renames:
    """Call cells of a layer as its lineage calls them.

    Parameters
    ----------
    layer
        Labels (T, ..., Y, X).
    result
        What they belong to, if they were segmented here: then they stay live, and
        nothing of it is taken for a correction. Else it is one step of their history.
    names
        Of cells, from frames on.

    Returns
    -------
    The names that were taken.
    """
    if result is not None:
        taken = result.stack.take_names(names)
        layer.refresh()
        return taken
    with layer.block_history():
        for index in np.ndindex(*layer.data.shape[:-2]):
            plane = np.asarray(layer.data[index])
            for cell in names:
                name = name_at(names, cell, index[0])
                inside = np.nonzero(plane == cell) if name != cell else ((), ())
                if len(inside[0]):
                    steps = (np.full(len(inside[0]), step) for step in index)
                    layer.data_setitem((*steps, *inside), name, refresh=False)
    layer.refresh()
    return names
