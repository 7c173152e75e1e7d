"""Work that is done step by step, by those who want its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

_Result = TypeVar("_Result")


def result_of(steps: Generator[Any, None, _Result]) -> _Result:
    """Do all steps and return what the generator returns, whatever it yields."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _Result = end.value
            return result
