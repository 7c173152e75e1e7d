"""What the session says, said again in the GUI thread."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from psygnal import SignalInstance


class Relay(QObject):
    """Calls a slot in the GUI thread whenever a signal of the session is emitted.

    Parameters
    ----------
    signal
        May be emitted in any thread.
    slot
        Takes what the signal carries.
    owner
        The relay ends with it.
    """

    _heard = Signal(tuple)

    def __init__(
        self, signal: SignalInstance, slot: Callable[..., None], owner: QObject
    ) -> None:
        super().__init__(owner)
        self._signal = signal
        self._slot = slot
        self._heard.connect(self._on_heard)
        signal.connect(self._pass_on)  # holds this object weakly

    def stop(self) -> None:
        """Listen no longer; the owner is about to go."""
        self._signal.disconnect(self._pass_on, missing_ok=True)

    def _pass_on(self, *values: Any) -> None:
        with suppress(RuntimeError):  # Qt has deleted this with its owner
            self._heard.emit(values)

    def _on_heard(self, values: tuple[Any, ...]) -> None:
        self._slot(*values)
