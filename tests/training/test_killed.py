"""Kill -9 in the middle of an epoch costs that epoch and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from dinocell_training.corrections.folder import Corrections
from dinocell_training.finetune.loop import finetune
from dinocell_training.scratch.loop import train
from dinocell_training.scratch.run import BEST_FILE
from dinocell_training.trainer.state import load_state
from napari_dinocell.engine.model.checkpoint import load_checkpoint
from tests.training.conftest import register_tiny_variant, small_config, write_pairs
from tests.training.finetune.conftest import small, write_base, write_corrections

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no SIGKILL on Windows")

_BOTH = """
import sys
from pathlib import Path
from tests.training.conftest import small_config, register_tiny_variant
from tests.training.finetune.conftest import small
from dinocell_training.corrections.folder import Corrections
from dinocell_training.finetune.loop import finetune
from dinocell_training.scratch.loop import train
register_tiny_variant()
pairs, run, base, corrections, output = map(Path, sys.argv[1:])
tuned = finetune(base, Corrections(corrections), output, small(epochs=500))
for pair in zip(train(pairs, run, small_config(epochs=500)), tuned, strict=True):
    print(*(type(event).__name__ for event in pair), flush=True)
"""


@dataclass(frozen=True)
class Files:
    """What the two kinds of training read and write."""

    pairs: Path
    run: Path
    base: Path
    corrections: Path
    output: Path


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Of a process that trains and fine-tunes in turns, killed amidst epochs of both.

    One process, for most of its time goes into imports.
    """
    register_tiny_variant()
    folder = tmp_path_factory.mktemp("killed")
    files = Files(
        pairs=write_pairs(folder / "data"),
        run=folder / "run",
        base=write_base(folder / "base.safetensors"),
        corrections=write_corrections(folder / "corrections").folder,
        output=folder / "models" / "mine.safetensors",
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", _BOTH, *map(str, vars(files).values())],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
    )
    assert process.stdout is not None
    done: Counter[str] = Counter()
    for line in process.stdout:
        trained, tuned = line.split()
        done += Counter([trained, tuned])
        enough = done["EpochDone"] >= 2 and done["FinetuneEpoch"] >= 2
        if enough and (trained, tuned) == ("StepDone", "FinetuneStep"):
            process.kill()
            break
    process.stdout.close()
    assert process.wait(timeout=60) == -signal.SIGKILL
    return files


def test_a_killed_run_resumes(killed: Files) -> None:
    done = load_state(killed.run).epoch
    assert done >= 2
    load_checkpoint(killed.run / BEST_FILE)
    config = small_config(epochs=500)
    events = train(killed.pairs, killed.run, config, resume=True)
    assert next(events).epoch == done
    assert next(events).step == 2 * done + 1
    events.close()


def test_a_killed_fine_tuning_loses_one_epoch_at_most(killed: Files) -> None:
    corrections = Corrections(killed.corrections)
    config = small(epochs=500)
    events = finetune(killed.base, corrections, killed.output, config, resume=True)
    assert next(events).epoch >= 2
    events.close()
