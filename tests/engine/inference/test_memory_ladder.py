"""Half the batch, one tile, the CPU, then an honest end."""

from __future__ import annotations

import pytest
import torch

from napari_dinocell.engine.inference import memory_ladder
from napari_dinocell.engine.inference.memory_ladder import (
    Rung,
    describe_step,
    next_rung,
)

CPU, CUDA = torch.device("cpu"), torch.device("cuda:0")


def climb_down(rung: Rung) -> list[tuple[str, int]]:
    steps = []
    current: Rung | None = rung
    while current is not None:
        steps.append((str(current.device), current.batch_size))
        current = next_rung(current)
    return steps


def test_gpu_halves_its_batch_and_ends_on_the_cpu() -> None:
    steps = climb_down(Rung(CUDA, "float32", 12))
    assert steps == [
        ("cuda:0", 12),
        ("cuda:0", 6),
        ("cuda:0", 3),
        ("cuda:0", 1),
        ("cpu", 1),
    ]


def test_cpu_ends_at_one_tile() -> None:
    assert climb_down(Rung(CPU, "bfloat16", 2)) == [("cpu", 2), ("cpu", 1)]


@pytest.mark.parametrize("native", ["bfloat16", "float32"])
def test_bfloat16_follows_to_the_cpu_where_it_is_native(
    native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_ladder, "choose_precision", lambda device: native)
    rung = next_rung(Rung(CUDA, "bfloat16", 1))
    assert rung == Rung(CPU, native, 1)  # type: ignore[arg-type]


def test_float32_stays_float32_on_the_cpu() -> None:
    assert next_rung(Rung(CUDA, "float32", 1)) == Rung(CPU, "float32", 1)


@pytest.mark.parametrize(
    ("lower", "words"),
    [
        (Rung(CUDA, "float32", 4), "4 tiles at a time instead of 8"),
        (Rung(CUDA, "float32", 1), "1 tile at a time instead of 8"),
        (Rung(CPU, "float32", 1), "moved from cuda:0 to the CPU, which is slower"),
    ],
    ids=["half", "one", "cpu"],
)
def test_step_is_told_in_plain_words(lower: Rung, words: str) -> None:
    event = describe_step(Rung(CUDA, "float32", 8), lower, "out of memory on cuda:0")
    assert event.action == words
    assert event.reason == "out of memory on cuda:0"
    assert (event.batch_size, event.device) == (lower.batch_size, str(lower.device))
