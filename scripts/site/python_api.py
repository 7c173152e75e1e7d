"""The reference of the Python API, as Markdown, made from signatures and docstrings.

Sources are read, not imported (griffe): attribute docstrings are seen, too. The
project's docstrings have types in signatures only, which generators that expect types
in the text would misread; hence these few lines.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
DIRECTIVE = re.compile(r"^::: (\S+)$", re.MULTILINE)
UNDERLINED = re.compile(r"^(\w[\w, ]*)\n-{3,}$", re.MULTILINE)
ENTRY = re.compile(r"^(\*{0,2}\w[\w, *]*)\n((?: {4}.*\n?|\n(?= {4}))+)", re.MULTILINE)


def with_api(markdown: str) -> str:
    """Replace each line `::: package.module.name` by what the code says there."""
    return DIRECTIVE.sub(lambda found: "\n\n".join(_sections(found[1])), markdown)


@cache
def _package(name: str) -> Any:
    return griffe.load(name, search_paths=[ROOT / "src", ROOT / "training"])


def _sections(path: str) -> Iterator[str]:
    package, _, inside = path.partition(".")
    thing = _package(package)[inside]
    yield f"## `{thing.name}`"
    yield f"`from {thing.module.path} import {thing.name}`"
    yield from _body(thing)
    if thing.is_class:
        for member in thing.members.values():
            if not member.name.startswith("_") and member.docstring is not None:
                yield f"### `{thing.name}.{member.name}`"
                yield from _body(member)


def _body(thing: Any) -> Iterator[str]:
    signature = _signature(thing)
    if signature:
        yield f"```python\n{signature}\n```"
    if thing.docstring is not None:
        yield docstring_markdown(thing.docstring.value)


def _signature(thing: Any) -> str:
    if thing.is_attribute:  # defaults are in the constructor's signature
        return "" if thing.annotation is None else f"{thing.name}: {thing.annotation}"
    if thing.is_class:
        own = thing.members.get("__init__")
        return "" if own is None else _call(thing.name, own)
    return _call(f"def {thing.name}", thing)


def _call(name: str, function: Any) -> str:
    parameters = list(_parameters(function))
    says = function.returns is not None and function.name != "__init__"
    result = f" -> {function.returns}" if says else ""
    line = f"{name}({', '.join(parameters)}){result}"
    if len(line) <= 76:
        return line
    return f"{name}(\n    " + ",\n    ".join(parameters) + f",\n){result}"


def _parameters(function: Any) -> Iterator[str]:
    starred = False
    for parameter in function.parameters:
        if parameter.name in ("self", "cls"):
            continue
        kind = str(parameter.kind.value)
        if kind == "keyword-only" and not starred:
            starred = True
            yield "*"
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        starred = starred or stars == "*"
        text = f"{stars}{parameter.name}"
        if parameter.annotation is not None:
            text += f": {parameter.annotation}"
        if parameter.default is not None and not stars:
            text += f" = {parameter.default}"
        yield text


def docstring_markdown(text: str) -> str:
    """Numpy-style docstrings, types left to signatures, as Markdown."""
    text = UNDERLINED.sub(r"**\1**\n", text)
    return ENTRY.sub(_entry, text)


def _entry(found: re.Match[str]) -> str:
    names = ", ".join(f"`{name.strip()}`" for name in found[1].split(","))
    meaning = " ".join(found[2].split())
    return f"- {names}: {meaning}\n"
