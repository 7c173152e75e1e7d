"""Napari's list of layers, as Qt shows it: rows of helper layers are hidden there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QListView

if TYPE_CHECKING:
    from napari.layers import Layer


def hide_row(layer: Layer) -> None:
    """Leave a layer out of the lists of layers on the screen.

    Napari has no such switch; its list is a view of Qt, which has. A moved row stays
    hidden, since Qt follows it.
    """
    for widget in QApplication.allWidgets():
        if isinstance(widget, QListView):
            _hide_in(widget, layer)


def _hide_in(view: QListView, layer: Layer) -> None:
    model = view.model()
    for row in range(0 if model is None else model.rowCount()):
        if model.index(row, 0).data(Qt.ItemDataRole.UserRole) is layer:
            view.setRowHidden(row, True)
