"""What is wrong with a record, in words: pydantic's findings in our own language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.errors import DinoCellError

if TYPE_CHECKING:
    from pydantic import ValidationError

LONGEST_QUOTE = 60
"""Characters of a wrong value that a message quotes."""

_WORDS = {
    "string_type": "some text",
    "path_type": "some text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "none_required": "null",
    "dict_type": "a table",
    "mapping_type": "a table",
    "list_type": "a list",
    "tuple_type": "a list",
    "missing": "a list of another length",
    "too_long": "a list of another length",
    "too_short": "a list of another length",
}
"""What was expected, by the type of pydantic's error."""


def plain_text(error: ValidationError, values: Any, repair: str) -> str:
    """What is wrong first, in our own words."""
    problems = error.errors(include_url=False)
    first = problems[0]
    reason = first.get("ctx", {}).get("error")
    if isinstance(reason, DinoCellError):
        return str(reason)
    missing = sorted(str(p["loc"][-1]) for p in problems if _is_missing(p))
    if _is_missing(first):
        return (
            f"Expected more entries; of these, {missing} is missing or unknown. "
            f"{repair}"
        )
    # Where one of several types is right, each has its own problem with the value.
    place = _place(first["loc"], values)
    alike = [p for p in problems if _place(p["loc"], values) == place]
    expected = " or ".join(dict.fromkeys(_expected(problem) for problem in alike))
    names = [part for part in place if isinstance(part, str)]
    name = names[-1] if names else "content"
    return f"Expected {expected} as its {name!r}, got {quote(first['input'])}. {repair}"


def _is_missing(problem: Any) -> bool:
    return problem["type"] == "missing" and isinstance(problem["loc"][-1], str)


def _expected(problem: Any) -> str:
    if problem["type"] == "literal_error":
        return str(problem["ctx"]["expected"])
    if problem["type"] == "dataclass_type":
        return f"a table ({problem['ctx']['class_name']})"
    return _WORDS.get(problem["type"], "another value")


def _place(named: tuple[int | str, ...], values: Any) -> tuple[int | str, ...]:
    """Where the value lies; pydantic appends the member of a union that it tried."""
    place: list[int | str] = []
    for part in named:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            break
        place.append(part)
    return tuple(place)


def quote(value: Any) -> str:
    """A value as Python writes it, cut short."""
    text = repr(value)
    short = len(text) <= LONGEST_QUOTE
    return text if short else f"{text[:LONGEST_QUOTE]}..."
