"""Damage to files, decided by a seeded generator: bytes, JSON, safetensors headers."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 5, 128.5, 1e308, float("inf"), float("nan"), 2**31,
    2**63, 10**400, "", "text", "0", "\x00", "\ud800", "../../a", "é" * 300,
    [], [1], [[]], {}, {"a": 1}, [0, 0], [-1, 5], [True], ["a"],
)  # fmt: skip
"""What somebody, or a broken program, may put in the place of a value."""


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Damaged copy of a file's bytes."""
    if data[8:9] == b"{" and chance.random() < 0.7:
        return _mutate_safetensors(data, chance)
    if data[:1] == b"{" and chance.random() < 0.7:
        return _mutate_json(data, chance)
    for _ in range(chance.choice((1, 1, 2, 5))):
        data = chance.choice(_BYTE_MUTATIONS)(data, chance)
    return data


def _mutate_json(text: bytes, chance: random.Random) -> bytes:
    values = json.loads(text)
    for _ in range(chance.choice((1, 1, 2, 4))):
        values = _mutate_value(values, chance)
    return json.dumps(values).encode("utf-8", "replace")


def _mutate_safetensors(data: bytes, chance: random.Random) -> bytes:
    """Damage the header, or the card in it, and state its new length."""
    length = int.from_bytes(data[:8], "little")
    header, tensors = json.loads(data[8 : 8 + length]), data[8 + length :]
    card = header.get("__metadata__", {}).get("dinocell")
    if card is not None and chance.random() < 0.6:
        damaged = _mutate_json(card.encode(), chance).decode("utf-8", "replace")
        header["__metadata__"]["dinocell"] = damaged
    else:
        header = _mutate_value(header, chance)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + tensors


def _mutate_value(values: Any, chance: random.Random) -> Any:
    """Change one entry somewhere below."""
    places = list(_places(values))
    if not places or chance.random() < 0.03:
        return deepcopy(chance.choice(ODD_VALUES))
    holder, key = chance.choice(places)
    action = chance.random()
    if action < 0.7:
        holder[key] = deepcopy(chance.choice(ODD_VALUES))
    elif action < 0.85:
        del holder[key]
    elif isinstance(holder, dict):
        holder[f"{key}x"] = deepcopy(holder[key])
    else:
        holder.append(deepcopy(holder[key]))
    return values


def _places(values: Any) -> Any:
    if isinstance(values, dict | list):
        for key in values if isinstance(values, dict) else range(len(values)):
            yield values, key
            yield from _places(values[key])


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 40))):
        if changed:
            changed[_near_an_end(len(changed), chance)] = chance.randrange(256)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: _near_an_end(len(data) + 1, chance)]


def _remove(data: bytes, chance: random.Random) -> bytes:
    start = _near_an_end(len(data) + 1, chance)
    return data[:start] + data[start + chance.randrange(1, 64) :]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    start = _near_an_end(len(data) + 1, chance)
    part = data[start : start + chance.randrange(1, 64)]
    return data[:start] + part * chance.choice((2, 50)) + data[start:]


def _put_number(data: bytes, chance: random.Random) -> bytes:
    start = _near_an_end(len(data) + 1, chance)
    size = chance.choice((1, 2, 4, 8))
    number = chance.choice((0, 1, 2**7, 2**15, 2**31 - 1, 2**32 - 1, 2**63))
    written = (number % 256**size).to_bytes(size, chance.choice(("little", "big")))
    return data[:start] + written + data[start + size :]


def _near_an_end(length: int, chance: random.Random) -> int:
    """Headers, directories and pickles lie at the ends."""
    near = min(length, 512)
    where = chance.random()
    if where < 0.4:
        return chance.randrange(near)
    if where < 0.7:
        return length - 1 - chance.randrange(near)
    return chance.randrange(length)


_BYTE_MUTATIONS = (_flip, _cut, _remove, _repeat, _put_number)
