"""Opens the export dialog, from napari's menus and from the dock."""

from __future__ import annotations

from pathlib import Path

import napari.layers
import napari.viewer
from qtpy.QtWidgets import QApplication, QMainWindow, QWidget

from napari_dinocell.session.remembered import load_remembered, save_remembered
from napari_dinocell.session.session import Session
from napari_dinocell.widgets.export.dialog import ExportDialog
from napari_dinocell.widgets.export.form import ExportForm
from napari_dinocell.widgets.layers.labels_choice import is_reference
from napari_dinocell.widgets.shared.notify import notify_warning

REMEMBERED = "export_settings.json"
USUAL_FORMATS = ("tif",)


def open_export_dialog(viewer: napari.viewer.Viewer) -> None:
    """Ask how the selected labels, or others of this viewer, are to be exported."""
    show_export_dialog(viewer, viewer.layers.selection.active, _main_window())


def show_export_dialog(
    viewer: napari.viewer.Viewer, layer: object, parent: QWidget | None
) -> ExportDialog | None:
    """Open the dialog and return at once.

    Parameters
    ----------
    viewer
        Whose labels and images can be chosen.
    layer
        Chosen at first if it is a labels layer.
    parent
        What the dialog belongs to; other windows can be used meanwhile, this one not.

    Returns
    -------
    The dialog; None where there are no labels, which is said to the user.
    """
    labels = [one for one in viewer.layers if isinstance(one, napari.layers.Labels)]
    if not labels:
        notify_warning("There are no labels to export. Segment an image first.")
        return None
    images = [one for one in viewer.layers if isinstance(one, napari.layers.Image)]
    made = [one for one in labels if not is_reference(one)] or labels
    chosen = next((one for one in labels if one == layer), made[-1])
    remembered = load_remembered(REMEMBERED)
    form = ExportForm(
        labels,
        images,
        chosen=chosen,
        folder=Path(str(remembered.get("folder") or Path.home())),
        formats=_formats(remembered.get("formats")),
        consecutive_ids=remembered.get("consecutive_ids") is True,
        books=Session.of(viewer).lineages,
    )
    dialog = ExportDialog(form, parent)
    dialog.finished.connect(lambda _: _remember(form))
    dialog.open()
    return dialog


def _formats(remembered: object) -> tuple[str, ...]:
    if isinstance(remembered, list):
        return tuple(str(key) for key in remembered)
    return USUAL_FORMATS


def _remember(form: ExportForm) -> None:
    if not form.problem():
        values = {
            "formats": form.formats(),
            "folder": str(form.folder()),
            "consecutive_ids": form.consecutive_ids(),
        }
        save_remembered(values, REMEMBERED)


def _main_window() -> QWidget | None:
    """The window whose menu was used."""
    windows = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMainWindow)]
    return QApplication.activeWindow() or next(iter(windows), None)
