"""What the examples promise before anything is read or computed. Knows no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dinocell_training.corrections.folder import Example
from dinocell_training.finetune.events import rough_duration
from napari_dinocell.engine.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dinocell_training.corrections.folder import DamagedExample
    from dinocell_training.finetune.events import FinetunePlanned

FEW = 3
"""With fewer examples none is held out."""


def examples_problem(entries: Sequence[Example | DamagedExample]) -> str:
    """Why nothing can be learnt from these, in plain words; "" if something can."""
    examples = [entry for entry in entries if isinstance(entry, Example)]
    if not entries:
        return "No example to train on yet: accept some in the section Examples."
    if not examples:
        return "All examples are damaged. Hover over them in the list to learn why."
    if not any(example.whole_cells for example in examples):
        return (
            "The examples hold no whole cell: the model would learn that there are "
            "none. Accept larger regions, with cells that lie inside."
        )
    return ""


def outlook_text(
    entries: Sequence[Example | DamagedExample], *, own_judges: bool
) -> str:
    """What will be trained on, in a sentence or two.

    Parameters
    ----------
    entries
        Examples of the folder.
    own_judges
        Whether examples of another folder judge.
    """
    examples = [entry for entry in entries if isinstance(entry, Example)]
    cells = sum(example.whole_cells for example in examples)
    text = f"{counted(len(examples), 'example')} with {counted(cells, 'whole cell')}."
    if len(examples) < len(entries):
        text += f" {len(entries) - len(examples)} damaged, left out."
    if sum(e.whole_cells > 0 for e in examples) < FEW and not own_judges:
        text += (
            " Fewer than three hold cells: none is held out, so the scores will "
            "flatter."
        )
    return text


def plan_text(plan: FinetunePlanned) -> str:
    """The estimate, in a sentence."""
    judged = (
        f", {plan.judged_examples} held out to judge"
        if plan.held_out
        else ", judged by the same"
    )
    again = f", from epoch {plan.epoch + 1}" if plan.epoch else ""
    return (
        f"{counted(plan.train_examples, 'example')} to train on{judged}: about "
        f"{rough_duration(plan.estimated_seconds)} on {plan.device}{again}."
    )
