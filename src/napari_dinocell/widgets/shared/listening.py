"""Connections to napari's events that keep nobody alive and all go at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import ref

Owner = TypeVar("Owner")


class Listening(Generic[Owner]):
    """What one object hears of napari.

    Parameters
    ----------
    owner
        Whose methods are called, for as long as it is there.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = ref(owner)
        self._connected: list[tuple[Any, Any]] = []

    def listen(self, call: Callable[[Owner], object], *emitters: Any) -> None:
        """Call a method of the owner's class at the events of these emitters."""
        owner = self._owner

        def on_event(_: object) -> None:
            if (there := owner()) is not None:
                call(there)

        for emitter in emitters:
            emitter.connect(on_event)
            self._connected.append((emitter, on_event))

    def stop(self) -> None:
        """Hear nothing more."""
        for emitter, on_event in self._connected:
            emitter.disconnect(on_event)
        self._connected.clear()
