"""Stopping a run while it prepares, when there is nothing to keep yet."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn


class StoppedEarly(Exception):
    """The run was stopped before its first epoch; never leaves `finetune`."""


def check(cancelled: Callable[[], bool]) -> None:
    """Go on, unless it is cancelled.

    Raises
    ------
    StoppedEarly
        If it is.
    """
    if cancelled():
        raise StoppedEarly


@contextmanager
def stops_between_layers(
    model: nn.Module, cancelled: Callable[[], bool]
) -> Iterator[None]:
    """Ask before each layer of a model whether it is cancelled: a pass takes long.

    Raises
    ------
    StoppedEarly
        Through whatever runs the model, once it is.
    """
    hooks = [
        module.register_forward_pre_hook(lambda *_: check(cancelled))
        for module in model.modules()
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
