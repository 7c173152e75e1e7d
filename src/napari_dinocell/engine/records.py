"""Records: frozen dataclasses that are written as JSON and read back, trusting nothing.

Every record that the project keeps (side-cars, presets, runs in a layer's metadata,
corrected examples, cards of checkpoints) is read and written here. The dataclass alone
says what a record holds:

- a value of another type is refused, with no conversion but that of a whole number
  where any number will do;
- every entry must be there, and no other, but for those marked `LATER`, which a file
  from before them may lack: they take the dataclass's default;
- what `__post_init__` refuses is refused;
- NaN and infinity, which are no JSON, are refused.

Pydantic does the checks. It is imported when the first record is read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from operator import index
from pathlib import PurePath
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    SupportsFloat,
    SupportsIndex,
    TypeAlias,
    TypeVar,
)

from napari_dinocell.engine.errors import DinoCellError, SettingsError
from napari_dinocell.engine.record_words import plain_text, quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pydantic import TypeAdapter

Record = TypeVar("Record")

LATER: Mapping[str, bool] = MappingProxyType({"later": True})
"""Metadata of a field that is younger than its record's format."""

BEFORE = "before"
"""Key of a field's metadata, beside `LATER`: its value in files from before it, where
that is not the dataclass's default."""


class _SliceAsEnds:
    """A slice, written as its two ends."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        whole = core_schema.int_schema(strict=True)
        return core_schema.no_info_after_validator_function(
            lambda ends: slice(*ends), core_schema.tuple_schema([whole, whole])
        )


RecordedSlice: TypeAlias = Annotated[slice, _SliceAsEnds()]
"""A slice with both ends and no step, in a record: `[start, stop]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFormat(Generic[Record]):
    """One kind of record as it lies in files, with its name and version.

    Errors that name what is wrong end with `repair`.
    """

    kind: type[Record]
    name: str
    """What 'format' says, beside the record's own entries."""
    noun: str
    """For people: "a preset"."""
    source: str
    """Advice where it is no such record at all."""
    repair: str
    """Advice where some of it is wrong."""
    version: int = 1
    unreadable: type[DinoCellError] = field(default=SettingsError)
    """Raised where the file cannot be read."""

    def to_dict(self, record: Record) -> dict[str, Any]:
        """JSON-ready form, read back by `from_dict`."""
        head = {"format": self.name, "format_version": self.version}
        return head | dump_record(record)

    def to_text(self, record: Record) -> str:
        """JSON for people and programs, read back by `from_text`."""
        return json_text(self.to_dict(record))

    def from_dict(self, values: Any) -> Record:
        """Check and take over what `to_dict` gave.

        Raises
        ------
        SettingsError
            If it is no such record, or one of another version, or an entry is
            missing, unknown, of the wrong type or out of range.
        """
        found = values.get("format") if isinstance(values, dict) else None
        if found != self.name:
            raise SettingsError(
                f"Expected {self.noun} (its 'format' is {self.name!r}), got "
                f"{quote(found)}. {self.source}"
            )
        version = values.get("format_version")
        if type(version) is not int or version != self.version:
            raise SettingsError(
                f"Expected format version {self.version}, got {quote(version)}. "
                f"Update napari-dinocell. {self.repair}"
            )
        own = {k: v for k, v in values.items() if k not in ("format", "format_version")}
        return parse_record(self.kind, own, repair=self.repair)

    def from_text(self, text: str | bytes) -> Record:
        """Check and take over what `to_text` gave.

        Raises
        ------
        SettingsError
            If the text is no JSON, or as `from_dict`.
        """
        return self.from_dict(parse_json(text, "The text", self.noun))

    def read(self, path: Path) -> Record:
        """Read the record in a file.

        Raises
        ------
        SettingsError
            If it holds no such record, naming the file; see `from_dict`.
        DinoCellError
            Of the kind `unreadable`, if the file does not exist or cannot be read.
        """
        try:
            text = path.read_bytes()
        except OSError as error:
            raise self.unreadable(
                f"{path} cannot be read: {error.strerror or error}. Check its name."
            ) from error
        values = parse_json(text, str(path), self.noun)
        try:
            return self.from_dict(values)
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from error


def json_text(values: Mapping[str, Any]) -> str:
    """Indented JSON of JSON-ready values, which UTF-8 can write.

    Names of files may hold bytes that are no text: they become question marks.
    """
    text = json.dumps(values, indent=2, ensure_ascii=False)
    return f"{text}\n".encode("utf-8", errors="replace").decode("utf-8")


def parse_json(text: str | bytes, subject: str, noun: str) -> Any:
    """Values of a JSON text, which errors call `subject`.

    Raises
    ------
    SettingsError
        If it is no JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(
            f"{subject} is not JSON: {error}. Expected {noun}."
        ) from error


def dump_record(record: Any) -> dict[str, Any]:
    """JSON-ready form of a record, read back by `parse_record`.

    Raises
    ------
    SettingsError
        If it holds what JSON cannot.
    """
    try:
        values: dict[str, Any] = _plain(record)
        json.dumps(values, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise SettingsError(
            f"Expected {type(record).__name__} with values that JSON can hold, got "
            f"{error}. Correct the value."
        ) from error
    return values


_AS_THEY_ARE = frozenset({str, bool, int, float, type(None)})


def _plain(value: Any) -> Any:
    """In the types that JSON has."""
    if type(value) in _AS_THEY_ARE:  # the rest is slow to tell apart, and rare
        return value
    if is_dataclass(value):
        return {own.name: _plain(getattr(value, own.name)) for own in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, slice):
        return [_plain(value.start), _plain(value.stop)]
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, SupportsIndex) and type(value) is not bool:
        return index(value)  # numpy's numbers, too
    if isinstance(value, SupportsFloat) and type(value) not in (bool, float):
        return float(value)
    return value


def parse_record(kind: type[Record], values: Any, *, repair: str) -> Record:
    """Record of a dataclass from JSON's lists, tables, numbers and texts.

    Parameters
    ----------
    kind
        The dataclass.
    values
        What `dump_record` gave, or whatever stands in its place.
    repair
        Advice that ends the message of an error.

    Raises
    ------
    SettingsError
        If an entry is missing, unknown, of the wrong type or out of range.
    """
    from pydantic import ValidationError

    hashed: Any = kind  # mypy takes no type variable for hashable
    try:
        text = json.dumps(values, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise SettingsError(
            f"Expected finite numbers, texts, lists and tables in a {kind.__name__}, "
            f"got something else ({error}). {repair}"
        ) from error
    try:
        record: Record = _adapter(hashed).validate_json(text, strict=True)
    except ValidationError as error:
        raise SettingsError(plain_text(error, values, repair)) from error
    for name, expected, wrong in _wrong_names(record, values, kind.__name__):
        raise SettingsError(
            f"Expected the entries {expected} in its {name!r}; of these or besides "
            f"these, {wrong} is missing or unknown. {repair}"
        )
    former: Record = _as_before(record, values)
    return former


def _as_before(record: Any, values: Any) -> Any:
    """Record with the former values of entries that its file is too old for."""
    if not is_dataclass(record) or isinstance(record, type):
        return record
    changed = {}
    for own in fields(record):
        now = getattr(record, own.name)
        if own.name in values:
            then = _as_before(now, values[own.name])
        else:
            then = own.metadata.get(BEFORE, now)
        if then is not now:
            changed[own.name] = then
    return replace(record, **changed) if changed else record


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _wrong_names(
    record: Any, values: Any, name: str
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Name, entries and wrong entries of each part that has too few or too many.

    Pydantic takes a default for every entry that is missing, and overlooks others.
    """
    if is_dataclass(record):
        known = {own.name: own for own in fields(record)}
        wrong = {key for key in known.keys() ^ values.keys() if key not in known} | {
            key
            for key, own in known.items()
            if key not in values and "later" not in own.metadata
        }
        if wrong:
            yield name, sorted(known), sorted(wrong)
        for key in known.keys() & values.keys():
            yield from _wrong_names(getattr(record, key), values[key], key)
    elif isinstance(record, tuple):
        for part, value in zip(record, values, strict=True):
            yield from _wrong_names(part, value, name)
