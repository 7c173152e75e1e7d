"""What comes out of a fine-tuning run: scores by example, and the checkpoint."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dinocell_training.finetune.events import Comparison
from dinocell_training.finetune.score import predict_example, score_map
from napari_dinocell.engine.model.checkpoint import save_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dinocell_training.finetune.run import FinetuneRun
    from dinocell_training.finetune.score import ExampleScore, Scores


def judge(
    run: FinetuneRun, cancelled: Callable[[], bool] | None = None
) -> list[ExampleScore]:
    """Segment every judging example with the model as it is; [] once cancelled."""
    scores = []
    for example in run.judges:
        if cancelled is not None and cancelled():
            return []
        distance = predict_example(
            run.model, example, device=run.device, precision=run.precision
        )
        scores.append(score_map(example, distance, run.watershed))
    return scores


def compare(
    run: FinetuneRun, earlier: Sequence[ExampleScore], later: Sequence[ExampleScore]
) -> tuple[Comparison, ...]:
    """Put the scores of base and new model side by side."""
    former: list[ExampleScore | None] = [*earlier] or [None] * len(later)
    return tuple(
        Comparison(
            name=example.name,
            cells=example.cells,
            ap50_before=None if old is None else old.ap50,
            ap50_after=new.ap50,
            labels_before=None if old is None else old.labels,
            labels_after=new.labels,
        )
        for example, old, new in zip(run.judges, former, later, strict=True)
    )


def publish(run: FinetuneRun) -> None:
    """Write the best epoch's weights as the checkpoint that was asked for.

    Raises
    ------
    ExportError
        If it cannot be written.
    """
    assert run.best_scores is not None
    run.load_weights(run.best)
    base, after = run.base_info, run.best_scores
    metrics = {
        "fine_tuned": {
            "judged_on": "held-out examples" if run.held_out else "training examples",
            "judged_examples": len(run.judges),
            "before": None if run.before is None else _rounded(run.before),
            "after": _rounded(after),
            "epoch": run.best_epoch,
        }
    }
    info = replace(
        base,
        name=run.output.stem,
        contrast=run.contrast,
        watershed=run.watershed,
        needs_training=False,
        data_sources=(
            *base.data_sources,
            f"{len(run.example_names)} corrected examples of the user",
        ),
        metrics=metrics,
        parent_sha256=run.base_sha256,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        recipe={"fine_tuned_from": base.name, **run.config.to_dict()},
    )
    save_checkpoint(run.output, run.model, info)


def _rounded(scores: Scores) -> dict[str, float]:
    return {name: round(getattr(scores, name), 4) for name in scores.__slots__}
