"""What the dock starts with: remembered settings, or those of the model."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.session.remembered import load_remembered, save_remembered
from napari_dinocell.widgets.shared.later import Later

if TYPE_CHECKING:
    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.sections import Sections

SAVE_MS = 1000
"""So long after the last change settings are written."""

OF_THE_IMAGE = ("channel", "channels")
"""They belong to one image, not to the next session."""


class DockMemory(QObject):
    """Restores settings at the start, remembers changes, knows the defaults."""

    def __init__(
        self,
        controller: SegmentController,
        sections: Sections,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._sections = sections
        self._save = Later(SAVE_MS, self.save, self)
        self._restore()
        for section in (sections.size, sections.contrast, sections.thresholds):
            section.changed.connect(self._save.start)
        sections.model.model_changed.connect(self._on_model_changed)
        sections.model.device_changed.connect(self._save.start)
        sections.image.link_changed.connect(self._save.start)
        sections.run.restore_requested.connect(self.restore_defaults)

    def save(self) -> None:
        """Write the present settings."""
        self._save.stop()
        values = self._sections.values()
        save_remembered({k: v for k, v in values.items() if k not in OF_THE_IMAGE})

    def restore_defaults(self) -> None:
        """Take back to the model's own settings, on the device chosen automatically."""
        self._sections.model.set_device("auto")
        defaults = SegmentConfig()
        self._sections.set_values(
            {"cell_diameter": defaults.cell_diameter, "link": defaults.link}
        )
        self._take_model_settings()

    def close(self) -> None:
        """Write what was still to be written; the dock is about to go."""
        self._save.finish()

    def _restore(self) -> None:
        remembered = load_remembered()
        known = self._sections.values()
        chosen = {k: v for k, v in remembered.items() if k in known}
        self._sections.set_values({k: chosen[k] for k in ("model",) if k in chosen})
        self._sections.set_values({**self._model_settings(), **chosen})

    def _on_model_changed(self) -> None:
        self._take_model_settings()

    def _take_model_settings(self) -> None:
        self._sections.set_values(self._model_settings())
        self._controller.follow_settings()
        self._save.start()

    def _model_settings(self) -> dict[str, Any]:
        """Contrast it was trained with, thresholds that suit its maps."""
        info = self._sections.model.info()
        if info is None:
            defaults = SegmentConfig()
            return asdict(defaults.contrast) | asdict(defaults.watershed)
        return asdict(info.contrast) | asdict(info.watershed)
