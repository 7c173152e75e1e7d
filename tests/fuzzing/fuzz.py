"""Damage good files, read them, and report every error that is not one of ours."""

from __future__ import annotations

import random
import warnings
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING

from tests.fuzzing.kinds import KINDS
from tests.fuzzing.mutations import mutate

from napari_dinocell.engine.errors import DinoCellError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """What came of one damaged file."""

    name: str
    data: bytes
    error: Exception | None
    """None where it was read."""

    @property
    def is_finding(self) -> bool:
        """Whether it ended in an error that was not meant for the user."""
        return self.error is not None and not isinstance(self.error, DinoCellError)


def outcomes(what: str, seed: int, folder: Path) -> Iterator[Outcome]:
    """Damaged files without end; the same ones for the same seed."""
    kind = KINDS[what]
    samples = sorted(kind.make(folder).items())
    for number in count():
        chance = random.Random(f"{what} {seed} {number}")
        name, good = chance.choice(samples)
        data = mutate(good, chance)
        path = folder / name
        path.write_bytes(data)
        yield Outcome(name, data, _error_of(kind.read, path))


def findings(what: str, seed: int, folder: Path, *, files: int) -> list[str]:
    """What was found in so many damaged files, in words."""
    return [
        f"{what}, seed {seed}, file {number} ({found.name}): {found.error!r}"
        for number, found in enumerate(islice(outcomes(what, seed, folder), files))
        if found.is_finding
    ]


def _error_of(read: object, path: Path) -> Exception | None:
    assert callable(read)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read(path)
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return error
    return None
