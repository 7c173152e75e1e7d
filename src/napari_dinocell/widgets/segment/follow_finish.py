"""A result follows settings that need no network: growth, links, bridged slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from napari_dinocell.session.segment.stack_result import StackResult
    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.sections import Sections


class FinishFollower(QObject):
    """Hands them to the stack at work, and has its labels brought in step."""

    def __init__(self, controller: SegmentController, sections: Sections) -> None:
        super().__init__(controller)
        self._controller = controller
        self._sections = sections
        sections.image.link_changed.connect(self.follow_link)
        sections.thresholds.finish.expand_changed.connect(self.follow_expand)
        sections.thresholds.volume.bridge_changed.connect(self.follow_bridge)

    @property
    def _stack(self) -> StackResult | None:
        """Of the chosen image: of a run that goes on, or what was found last."""
        run, result = self._controller.runner.run, self._controller.result
        if run is not None and run.layer == self._controller.layer:
            result = run.result  # the end of the run brings the planes in step
        return None if result is None else result.stack

    def follow_expand(self) -> None:
        """Let cells grow as far as the dock says by now."""
        distance, run = (
            self._sections.thresholds.finish.expand(),
            self._controller.runner.run,
        )
        if run is not None:
            run.result.stack.expand = distance
        self._controller.live.expand(distance)

    def follow_link(self) -> None:
        """Link or unlink the planes of the result, at once."""
        if (stack := self._stack) is not None:
            stack.links.wanted = self._sections.image.link()
            self._controller.live.relink()

    def follow_bridge(self) -> None:
        """Close the gaps of volumes that the dock says by now."""
        if (stack := self._stack) is not None:
            stack.volumes.set_bridge(self._sections.thresholds.volume.bridge())
            self._controller.live.relink()
