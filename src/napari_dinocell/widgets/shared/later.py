"""Something that is done once things have come to rest: many wishes, one call."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer, Signal


class Later(QTimer):
    """One call, so long after the last wish for it; `start` wishes, `stop` forgets.

    superqt's debouncer cannot say whether its call is still to come, and its timer runs
    on after the call and after `cancel`: whoever closes a dock must know and end both.

    Parameters
    ----------
    milliseconds
        From the last wish to the call.
    call
        Made in the thread of `parent`.
    parent
        With it the timer goes.
    """

    _due = Signal()

    def __init__(
        self, milliseconds: int, call: Callable[[], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(milliseconds)
        self.timeout.connect(self._due)
        self._due.connect(call)

    def finish(self) -> None:
        """Make the call now, if it is still to come."""
        if self.isActive():
            self.stop()
            self._due.emit()
