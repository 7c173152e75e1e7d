"""Commands and code in Markdown, found as a reader finds them."""

from __future__ import annotations

import re
import shlex
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```", re.M | re.S
)
INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?:    .*\n|\n(?=    ))+", re.M)
COMMAND_LANGUAGES = ("sh", "commands")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of Markdown that a reader would run."""

    language: str
    """"sh" for commands, also where they are indented only."""
    text: str

    def commands(self) -> Iterator[list[str]]:
        """Each line as words, without its comment; empty lines are left out."""
        for line in self.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line.replace("\\", "/"), comments=True)
            if words:
                yield words


def find_blocks(path: Path) -> list[Block]:
    """All blocks of a page, in their order."""
    text = path.read_text(encoding="utf-8")
    found = {
        m.start(): Block(m["language"], textwrap.dedent(m["text"]))
        for m in FENCE.finditer(text)
    }
    rest = FENCE.sub(lambda m: re.sub(r"[^\n]", ".", m[0]), text)  # places stay
    for match in INDENTED.finditer(rest):
        lines = textwrap.dedent(match[0])
        if lines.startswith(("dinocell ", "make ", "pip ", "python")):
            found[match.start()] = Block("sh", lines)
    return [found[start] for start in sorted(found)]
