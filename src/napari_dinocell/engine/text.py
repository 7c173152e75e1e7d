"""Words for users: numbers of things, and names made fit for terminals and tables."""

from __future__ import annotations

import re

_UNFIT = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but tab and line feed, marks that turn the direction of text
round, and halves of characters, which stand for bytes of names that are not UTF-8."""

_BYTES = range(0xDC80, 0xDD00)
"""How Python keeps such a byte (PEP 383): 0xDC00 is added to it."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def counted(count: int, thing: str) -> str:
    """A number of things, such as "1 cell" or "3 cells"; an "s" makes the plural."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def shown(text: str) -> str:
    r"""Text that can be printed anywhere; what cannot is spelled out as \x1b."""
    return _UNFIT.sub(_spelled_out, text)


def spreadsheet_text(text: str) -> str:
    """Text of a cell that no spreadsheet takes for a formula."""
    plain = shown(text)
    return f"'{plain}" if plain.startswith(_FORMULA_STARTS) else plain


def _spelled_out(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in _BYTES:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
