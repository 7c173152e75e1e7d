"""Connects the Correct dock's tools and locks with the labels that are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_dinocell.widgets.correct.hand import ToolHand
from napari_dinocell.widgets.correct.layer_session import CorrectSession
from napari_dinocell.widgets.correct.outlines import KeptOutlines
from napari_dinocell.widgets.correct.tools import (
    CANCEL_KEY,
    MERGE_KEY,
    REDO_KEY,
    TOOLS,
    UNDO_KEY,
)
from napari_dinocell.widgets.layers.keys import LayerKeys
from napari_dinocell.widgets.layers.marks import is_mark
from napari_dinocell.widgets.shared.listening import Listening

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.widgets.correct.sections import CorrectSections
    from napari_dinocell.widgets.layers.history import Way
    from napari_dinocell.widgets.layers.locks import LayerLocks

BY_NAME = {tool.name: tool for tool in TOOLS}

LAYER_EVENTS = ("data", "metadata", "mode", "visible", "editable")
"""After which tools and locks may be others."""

REFUSED = "Locked cells were not painted over. Unlock them first."


class CorrectController(QObject):
    """Owns the session on the chosen labels and the tool in the user's hand.

    Parameters
    ----------
    viewer
        Whose labels are corrected.
    sections
        Of the dock; this object alone listens to their tools and locks.
    """

    session_changed = Signal()
    """Other labels are corrected, or another plane of them, or other data."""
    labels_changed = Signal(tuple)
    """Index of the plane whose labels or locks the user has changed."""
    tool_wanted = Signal()
    """A tool or brush is about to be taken up."""

    def __init__(
        self, viewer: Viewer, sections: CorrectSections, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session: CorrectSession | None = None
        self.more_keys: dict[str, Callable[[], None]] = {}
        self.hand = ToolHand(viewer, self)
        self.outlines = KeptOutlines(viewer, self)
        self._viewer = viewer
        self._sections = sections
        self._locks: LayerLocks | None = None
        self._shown: PlaneIndex = ()
        self._keys, self._tool_keys = LayerKeys(), LayerKeys()
        self._listening = Listening(self)
        self._connect()

    def _connect(self) -> None:
        tools, locks = self._sections.tools, self._sections.locks
        tools.tool_requested.connect(self.take_up)
        tools.brush_requested.connect(self._on_brush)
        tools.undo.clicked.connect(self.undo)
        tools.redo.clicked.connect(self.redo)
        locks.keeping_changed.connect(self._on_keeping)
        locks.showing_changed.connect(self.outlines.set_wanted)
        locks.lock.clicked.connect(self.lock_corrected)
        locks.unlock.clicked.connect(self.unlock_all)
        self.hand.changed.connect(self._on_tool_changed)
        self.hand.said.connect(tools.show_message)
        self._sections.choice.layer_changed.connect(self.attend)
        dims, layers = self._viewer.dims, self._viewer.layers
        dims.events.point.connect(self._on_view)
        dims.events.ndisplay.connect(self._on_view)
        dims.events.order.connect(self._on_view)
        layers.selection.events.active.connect(self._on_active)

    # -- what is attended to

    def attend(self) -> None:
        """Correct the chosen labels from now on."""
        self._let_go()
        layer = self._sections.choice.layer()
        if layer is not None:
            session = self.session = CorrectSession(self._viewer, layer)
            emitters = [getattr(session.layer.events, name) for name in LAYER_EVENTS]
            self._listening.listen(CorrectController._on_layer, *emitters)
            calls = {tool.key: self._toggle(tool.name) for tool in TOOLS}
            history = {UNDO_KEY: self.undo, REDO_KEY: self.redo}
            self._keys.bind(session.layer, calls | history | self.more_keys)
        self._follow_locks()
        self._on_view()

    def close(self) -> None:
        """Leave viewer and layer as they were; the dock is about to go."""
        dims, layers = self._viewer.dims, self._viewer.layers
        for name in ("point", "ndisplay", "order"):
            getattr(dims.events, name).disconnect(self._on_view)
        layers.selection.events.active.disconnect(self._on_active)
        self._sections.choice.disconnect_viewer()
        self._let_go()
        self.outlines.close()

    def _let_go(self) -> None:
        self.hand.put_away()
        self._keys.unbind()
        self._listening.stop()
        self._leave_locks()
        self.session = None

    def _follow_locks(self) -> None:
        """The layer's locks, which are others once it shows other data."""
        session = self.session
        if session is None or self._locks is session.locks:
            return
        self._leave_locks()
        self._locks = session.locks
        self._locks.keeping = self._sections.locks.keeping
        self._locks.changed.connect(self._on_changed)
        self._locks.refused.connect(self._on_refused)

    def _leave_locks(self) -> None:
        if self._locks is not None:
            self._locks.changed.disconnect(self._on_changed)
            self._locks.refused.disconnect(self._on_refused)
            self._locks = None

    # -- tools

    def take_up(self, name: str) -> None:
        """Take up a tool by its name; "" puts the present one away."""
        if not name or self.session is None:
            self.hand.put_away()
        else:
            self.tool_wanted.emit()
            self.hand.take_up(BY_NAME[name], self.session)  # type: ignore[index]
        self._show_active()

    def _toggle(self, name: str) -> Callable[[], None]:
        def on_key() -> None:
            active = self.hand.tool
            self.take_up("" if active is not None and active.name == name else name)

        return on_key

    def toggle_calls(self) -> dict[str, Callable[[], None]]:
        """What the keys of the dock do."""
        calls = {tool.key: self._toggle(tool.name) for tool in TOOLS}
        return calls | {UNDO_KEY: self.undo, REDO_KEY: self.redo}

    def _on_tool_changed(self, name: str) -> None:
        self._tool_keys.unbind()
        if name and self.session is not None:
            calls = {MERGE_KEY: self.hand.finish, CANCEL_KEY: self.hand.cancel}
            self._tool_keys.bind(self.session.layer, calls)
        self._show_active()

    def _on_brush(self, mode: str) -> None:
        if self.session is not None:
            self.tool_wanted.emit()
            self.hand.put_away()
            self._viewer.layers.selection.active = self.session.layer
            self.session.layer.mode = mode or "pan_zoom"
        self._show_active()

    def _show_active(self) -> None:
        tool, session = self.hand.tool, self.session
        name: str = tool.name if tool is not None else ""
        if not name and session is not None:
            name = str(session.layer.mode)
        self._sections.tools.show_active(name)

    def undo(self) -> None:
        """Take the last change of the labels back, whoever made it."""
        self._step("undo")

    def redo(self) -> None:
        """Make the last change that was undone again."""
        self._step("redo")

    def _step(self, way: Way) -> None:
        session = self.session
        if session is None:
            return
        self.hand.forget_picked()
        planes = session.step(way)
        if not planes:
            self._sections.tools.show_message(f"Nothing to {way}.")
        elif session.index not in planes:
            where = ", ".join(str(number) for number in min(planes))
            self._sections.tools.show_message(
                f"Changed plane {where}, which is not shown.", "warning"
            )

    # -- locks

    def lock_corrected(self) -> None:
        """Lock all corrected cells of the plane."""
        if self.session is not None:
            self.session.lock_corrected()

    def unlock_all(self) -> None:
        """Unlock all cells of the plane."""
        if self.session is not None:
            self.session.unlock_all()

    def _on_keeping(self, keeping: bool) -> None:
        if self._locks is not None:
            self._locks.keeping = keeping

    def _on_refused(self) -> None:
        self.warn(REFUSED)

    def warn(self, text: str) -> None:
        """Say beside the tools why something cannot be done."""
        self._sections.tools.show_message(text, "warning")

    # -- events

    def _on_changed(self, index: PlaneIndex) -> None:
        self._show_counts()
        self.labels_changed.emit(index)

    def _on_layer(self) -> None:
        self._follow_locks()
        self._show_problem()
        self._show_active()
        self._show_counts()

    def _on_active(self, _: object = None) -> None:
        """A tool works on the layer that gets the mouse, which is the active one."""
        active, session = self._viewer.layers.selection.active, self.session
        if session is None or self.hand.tool is None:
            return
        # nothing is active for a moment while a layer is added
        if active not in (None, session.layer) and not is_mark(active):
            self.hand.put_away()

    def _on_view(self, _: object = None) -> None:
        session = self.session
        if session is not None and session.index != self._shown:
            self.hand.forget_picked()
        self._shown = () if session is None else session.index
        self._show_problem()
        self._show_active()
        self._show_counts()
        self.session_changed.emit()

    def _show_problem(self) -> None:
        session = self.session
        problem = (
            "Open or segment an image first."
            if session is None
            else (session.problem())
        )
        if problem:
            self.hand.put_away()
        self._sections.tools.set_problem(problem)

    def _show_counts(self) -> None:
        session = self.session
        locks = None if session is None else session.locks.locks.of(session.index)
        counts = (0, 0, 0)
        if session is not None and locks is not None and not session.problem():
            cleared = locks.count_cleared(session.plane)
            counts = (len(locks.kept), len(locks.locked), cleared)
        self._sections.locks.show_counts(*counts)
        self.outlines.follow(session)
