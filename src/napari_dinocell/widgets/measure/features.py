"""Measurements in `layer.features`, as napari's own tables and tooltips want them.

One row per cell of the shown plane, whose id is in the column `index`. Columns that
others have put there stay, id by id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from napari_dinocell.engine.measure.measure_cells import LABEL

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_dinocell.engine.measure.measure_cells import Columns

MARK = "dinocell_measured"
"""Of `layer.metadata`: the names of our columns, which are replaced as one."""

INDEX = "index"


def show_features(layer: Labels, table: Columns) -> None:
    """Put the cells of a plane into a layer's features, in place of former ones.

    Parameters
    ----------
    layer
        Whose features are to be filled.
    table
        Columns of the cells of one plane, `label` among them.
    """
    ours = [name for name in table if name != LABEL]
    frame = pd.DataFrame({INDEX: table[LABEL], **{name: table[name] for name in ours}})
    foreign = _foreign_columns(layer)
    kept = [name for name in foreign.columns if name not in frame.columns]
    if kept:
        both = foreign.index.union(frame[INDEX]) if len(foreign) else frame[INDEX]
        frame = frame.set_index(INDEX).reindex(both)
        frame = frame.join(foreign[kept]).rename_axis(INDEX).reset_index()
    layer.features = frame
    layer.metadata = {**layer.metadata, MARK: ours}


def _foreign_columns(layer: Labels) -> pd.DataFrame:
    """Columns that are not ours, by id; ids that occur twice have no meaning."""
    features = pd.DataFrame(layer.features)
    if INDEX in features:
        features = features.set_index(INDEX)
    ours = layer.metadata.get(MARK, ())
    features = features.drop(columns=[name for name in ours if name in features])
    return features[~features.index.duplicated()].dropna(how="all")
