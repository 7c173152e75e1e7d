"""The reference of the command line, as Markdown, made from the commands themselves."""

from __future__ import annotations

import inspect
import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import typer.main

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = {int: "N", float: "NUMBER", str: "TEXT", Path: "PATH"}

MARKUP = re.compile(r"\[/?[a-z ]*\]")
"""Rich's, in docstrings: [bold], [/]."""

CODE = re.compile(r"`[^`]*`|(?<!\S)--?[a-z][a-z-]*|[\w./-]*[*_](?:[\w./*-]*[\w*/])?")
"""What stays as it is typed: code, options, names of files and patterns."""


def command_pages() -> str:
    """All commands of `dinocell`, each with its text, arguments, options, examples."""
    from napari_dinocell.cli.app import app

    root = typer.main.get_command(app)
    return "\n\n".join(_sections(root, "dinocell"))


def _sections(command: Any, name: str) -> Iterator[str]:
    level = "#" * (1 + len(name.split()))
    children = getattr(command, "commands", {})
    if name != "dinocell":
        yield f"{level} {name}"
        yield f"```text\n{_usage(command, name)}\n```"
        yield _prose(command.help or "")
        yield from _parameters(command)
        yield _prose(command.epilog or "")
    for child in children.values():
        yield from _sections(child, f"{name} {child.name}")


def _usage(command: Any, name: str) -> str:
    arguments = [_metavar(p, command) for p in command.params if _is_argument(p)]
    options = ["[OPTIONS]"] if len(arguments) < len(command.params) else []
    child = ["COMMAND"] if getattr(command, "commands", None) else []
    return " ".join([name, *options, *arguments, *child])


def _parameters(command: Any) -> Iterator[str]:
    shown = [p for p in command.params if not getattr(p, "hidden", False)]
    if not shown:
        return
    rows = ["| Option | Meaning |", "|---|---|"]
    rows += [f"| {_names(p, command)} | {_meaning(p)} |" for p in shown]
    yield "\n".join(rows)


def _names(parameter: Any, command: Any) -> str:
    if _is_argument(parameter):
        return f"`{_metavar(parameter, command)}`"
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    off = "".join(f" / `{name}`" for name in parameter.secondary_opts)
    value = "" if parameter.is_flag else f" `{_metavar(parameter, command)}`"
    return (names + off + value).replace("|", r"\|")


def _meaning(parameter: Any) -> str:
    text = _with_code(MARKUP.sub("", parameter.help or ""))
    default = parameter.show_default
    if isinstance(default, str):
        text += f" Default: {default}."
    elif _has_plain_default(parameter):
        value = getattr(parameter.default, "value", parameter.default)
        text += f" Default: `{value}`."
    if parameter.required:
        text += " Required."
    return text.strip().replace("|", r"\|")


def _has_plain_default(parameter: Any) -> bool:
    default = parameter.default
    return isinstance(default, str | int | float) and not isinstance(default, bool)


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _metavar(parameter: Any, command: Any) -> str:
    """What stands for a value: as the code says, or told from its type."""
    if parameter.metavar:
        return str(parameter.metavar)
    hint = get_type_hints(command.callback)[parameter.name]
    kinds = [kind for kind in _kinds(hint) if kind is not type(None)]
    if issubclass(kinds[0], Enum):
        return "|".join(str(choice.value) for choice in kinds[0])
    return TYPES.get(kinds[0], parameter.name.upper())


def _kinds(hint: Any) -> Iterator[Any]:
    """The plain types inside `list[...]` and `... | None`."""
    if not get_args(hint):
        yield hint
    for part in get_args(hint):
        yield from _kinds(part)


def _prose(text: str) -> str:
    """Paragraphs as they are; what is indented becomes commands."""
    text = inspect.cleandoc(text).replace("\f", "")
    parts = re.split(r"((?:^ +\S.*\n*)+)", text, flags=re.MULTILINE)
    return "".join(_code_block(p) if p.startswith(" ") else _words(p) for p in parts)


def _words(text: str) -> str:
    return MARKUP.sub("**", _with_code(text))


def _with_code(text: str) -> str:
    """Markdown would take the signs of patterns for emphasis, and break options."""

    def quoted(found: re.Match[str]) -> str:
        word = found[0]
        return word if word.startswith("`") else f"`{word}`"

    return CODE.sub(quoted, text)


def _code_block(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "```text\n" + "\n".join(lines) + "\n```\n"
