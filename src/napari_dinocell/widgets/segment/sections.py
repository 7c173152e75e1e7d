"""The sections of the Segment dock, by name; they only show and edit settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.stack_config import StackConfig

if TYPE_CHECKING:
    from napari_dinocell.widgets.segment.contrast_section import ContrastSection
    from napari_dinocell.widgets.segment.image_section import ImageSection
    from napari_dinocell.widgets.segment.model_section import ModelSection
    from napari_dinocell.widgets.segment.run_section import RunSection
    from napari_dinocell.widgets.segment.size_section import SizeSection
    from napari_dinocell.widgets.segment.threshold_section import ThresholdSection


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """What the dock is made of, from top to bottom."""

    model: ModelSection
    image: ImageSection
    size: SizeSection
    contrast: ContrastSection
    thresholds: ThresholdSection
    run: RunSection

    def config(self) -> SegmentConfig:
        """Settings of all sections; planes are linked only where all are segmented."""
        channels, finish = self.image.channels(), self.thresholds.finish
        return SegmentConfig(
            contrast=self.contrast.config(),
            watershed=self.thresholds.config(),
            stack=StackConfig(
                volume=self.image.region() == "volume",
                bridge=self.thresholds.volume.bridge(),
            ),
            channel=channels.channel,
            channels=channels.channels,
            cell_diameter=self.size.diameter(),
            augment=self.model.augment(),
            link=self.image.link() and self.image.region() == "all",
            expand=finish.expand(),
            consecutive_ids=finish.consecutive_ids(),
        )
