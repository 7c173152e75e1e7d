"""What the dock starts with: remembered settings, or those of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.session.remembered import load_remembered, save_remembered
from napari_dinocell.session.segment.dock_settings import DockSettings
from napari_dinocell.widgets.shared.later import Later
from napari_dinocell.widgets.shared.preferences import load_preferences

if TYPE_CHECKING:
    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.sections import Sections

SAVE_MS = 1000
"""So long after the last change settings are written."""


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
        sections.model.augment_changed.connect(self._save.start)
        sections.image.link_changed.connect(self._save.start)
        finish = sections.thresholds.finish
        finish.expand_changed.connect(self._save.start)
        finish.consecutive_changed.connect(self._save.start)
        finish.contours_changed.connect(self._save.start)
        sections.thresholds.volume.bridge_changed.connect(self._save.start)
        sections.run.restore.clicked.connect(self.restore_defaults)

    def save(self) -> None:
        """Write the present settings."""
        self._save.stop()
        save_remembered(self._settings().to_values())

    def restore_defaults(self) -> None:
        """Take back to the model's own settings, on the device of the Preferences."""
        self._sections.model.set_device(load_preferences().device)
        defaults = SegmentConfig()
        self._sections.model.set_augment(defaults.augment)
        self._sections.size.set_diameter(defaults.cell_diameter)
        self._sections.image.set_link(defaults.link)
        self._controller.finish.follow_link()
        finish = self._sections.thresholds.finish
        finish.set_values(defaults.expand, defaults.consecutive_ids)
        self._controller.finish.follow_expand()
        self._sections.thresholds.volume.set_bridge(defaults.stack.bridge)
        self._controller.finish.follow_bridge()
        self._take_model_settings()

    def close(self) -> None:
        """Write what was still to be written; the dock is about to go."""
        self._save.finish()

    def _settings(self) -> DockSettings:
        """What the sections show, but for what belongs to the image."""
        sections = self._sections
        return DockSettings(
            model=sections.model.model(),
            device=sections.model.device(),
            contrast=sections.contrast.config(),
            watershed=sections.thresholds.config(),
            cell_diameter=sections.size.diameter(),
            link=sections.image.link(),
            augment=sections.model.augment(),
            expand=sections.thresholds.finish.expand(),
            consecutive_ids=sections.thresholds.finish.consecutive_ids(),
            contours=sections.thresholds.finish.contours(),
            bridge=sections.thresholds.volume.bridge(),
        )

    def _restore(self) -> None:
        sections, remembered = self._sections, load_remembered()
        sections.model.set_device(load_preferences().device)
        sections.model.set_model(self._settings().updated(remembered).model)
        self._show_model_settings()
        settings = self._settings().updated(remembered)
        sections.model.set_device(settings.device)
        sections.model.set_augment(settings.augment)
        sections.contrast.set_config(settings.contrast)
        sections.thresholds.set_config(settings.watershed)
        sections.size.set_diameter(settings.cell_diameter)
        sections.image.set_link(settings.link)
        finish = sections.thresholds.finish
        finish.set_values(settings.expand, settings.consecutive_ids)
        finish.set_contours(settings.contours)
        sections.thresholds.volume.set_bridge(settings.bridge)

    def _on_model_changed(self) -> None:
        self._take_model_settings()

    def _take_model_settings(self) -> None:
        self._show_model_settings()
        self._controller.follow_settings()
        self._save.start()

    def _show_model_settings(self) -> None:
        """Contrast for its runs, thresholds that suit its maps."""
        info = self._sections.model.info()
        defaults = SegmentConfig()
        contrast = defaults.contrast if info is None else info.run_contrast
        thresholds = defaults.watershed if info is None else info.run_watershed
        self._sections.contrast.set_config(contrast)
        self._sections.thresholds.set_config(thresholds)
        self._sections.thresholds.set_defaults(thresholds)
