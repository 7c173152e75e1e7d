"""What is done to each image of a batch, as a plain description.

It is frozen and light, and can be sent anywhere: the model is loaded by whoever does
the work, once per process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_dinocell.engine.batch.preset import Preset
    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.labels.mask_file import MaskRecord
    from napari_dinocell.engine.results.page_region import PageRegion
    from napari_dinocell.engine.results.provenance import ModelRecord
    from napari_dinocell.engine.segmenter import Segmenter


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Model, device and settings, as the user chose them."""

    name: str = ""
    """Of a preset."""
    model: str | ModelRecord
    """By name, whatever file that is now; or the very one of a checksum."""
    device: str = "auto"
    settings: SegmentConfig | None = None
    """None takes the model's own."""
    axes: str | None = None
    """Letters that replace those of the files."""
    region: PageRegion | None = None
    """The part of each page to segment; None for whole pages."""
    mask: MaskRecord | None = None
    """Outside of which cells are dropped."""
    consecutive_ids: bool = False
    """Whether ids are 1, 2, ... whatever the settings say."""
    expand: float | None = None
    """Pixels by which cells grow; None takes what the settings say."""
    volume: bool | None = None
    """Whether slices are segmented together; None takes what the settings say."""
    z_spacing: float | None = None
    """Of a volume that is asked for here, in pixels; None takes that of each image."""
    also: tuple[str, ...] = ()
    """Formats to write besides labels."""

    @classmethod
    def of_preset(cls, preset: Preset, *, device: str) -> Recipe:
        """What a preset says, on a device."""
        return cls(
            name=preset.name,
            model=preset.model,
            device=device,
            settings=preset.settings,
            axes=preset.axes,
            region=preset.region,
            mask=preset.mask,
            also=preset.also,
        )

    def find_model(self) -> str:
        """Name or path of the model on this machine.

        Raises
        ------
        CheckpointError
            If the very model that is asked for is not here.
        """
        from napari_dinocell.engine.batch.find_model import find_model

        if isinstance(self.model, str):
            return self.model
        return find_model(self.model, wanted_by=self.name)

    def config(self, own: SegmentConfig) -> SegmentConfig:
        """All settings; `own` are those of the model.

        Raises
        ------
        SettingsError
            If the settings find lineages, which volumes do not have.
        """
        config = self.settings or own
        wanted = self.consecutive_ids or config.consecutive_ids
        expand = config.expand if self.expand is None else self.expand
        config = config.with_overrides(consecutive_ids=wanted, expand=expand)
        if self.volume is None:
            return config
        spacing = self.z_spacing if self.volume else None
        return config.with_overrides(volume=self.volume, z_spacing=spacing)

    def job(
        self, segmenter: Segmenter, model: ModelRecord, *, overlay: bool = False
    ) -> SegmentJob:
        """What `segment_batch` takes, in the process that has loaded the model.

        Parameters
        ----------
        segmenter
            Of `find_model`, on the device.
        model
            What identifies that model.
        overlay
            Write pictures with outlines, too.
        """
        from napari_dinocell.engine.batch.segment_files import SegmentJob

        return SegmentJob(
            segmenter=segmenter,
            model=model,
            config=self.config(segmenter.default_config()),
            axes=self.axes,
            region=self.region,
            mask=self.mask,
            overlay=overlay,
            also=self.also,
        )
