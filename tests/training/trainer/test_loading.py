"""How many processes draw batches ahead."""

from __future__ import annotations

import torch

from dinocell_training.trainer.loading import (
    MOST_WORKERS,
    load_batches,
    worker_count,
)

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_only_a_gpu_is_given_processes(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert worker_count(None, CPU) == 0
    assert worker_count(None, CUDA) == 6
    monkeypatch.setattr("os.cpu_count", lambda: 256)
    assert worker_count(None, CUDA) == MOST_WORKERS
    assert worker_count(3, CPU) == 3


def test_drawing_batches_leaves_the_random_numbers_of_the_run_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    assert list(load_batches([1, 2, 3], CPU, workers=0)) == [1, 2, 3]
    assert torch.equal(torch.rand(3), expected)
