"""Fine-tuning as a job of a worker, and what is needed to resume it. Knows no Qt.

Torch is imported when a run starts, not when the dock opens.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dinocell_training.corrections.folder import Corrections
from dinocell_training.finetune.config import FinetuneConfig
from dinocell_training.finetune.events import (
    FinetuneEnded,
    FinetuneEpoch,
    FinetunePlanned,
)
from dinocell_training.finetune.unfinished import run_folder
from napari_dinocell.engine.errors import (
    SettingsError,
    TrainingDataError,
    TrainingFailedError,
)
from napari_dinocell.engine.model.model_store import own_model_path, resolve_model
from napari_dinocell.session.training.names import short_name

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from dinocell_training.corrections.folder import Example, ExamplePixels
    from dinocell_training.finetune.events import Comparison

REQUEST = "request.json"
"""In the folder of a run that may be resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """A run as the user asked for it."""

    base: str
    """What `resolve_model` takes."""
    corrections: Path
    """Folder of the examples."""
    name: str
    """Of the model to be."""
    config: FinetuneConfig
    validation: Path | None = None
    """Folder of examples to judge by; None holds some back."""
    resume: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A run has ended, with short names of the examples in its comparisons."""

    ended: FinetuneEnded
    titles: tuple[str, ...]
    judges: Corrections
    """Where the compared examples are."""


@dataclass(frozen=True, slots=True, eq=False)
class ComparisonRead:
    """A compared example with its pixels, to be shown."""

    comparison: Comparison
    example: Example
    pixels: ExamplePixels


def train(
    request: TrainingRequest, stopped: Callable[[], bool]
) -> Generator[Any, None, None]:
    """Run to the end; yields the events of `finetune`, the last one as `Judged`.

    Raises
    ------
    DinoCellError
        If it cannot be done; the best epoch so far is kept.
    """
    from dinocell_training.finetune.loop import STOPPED, finetune
    from napari_dinocell.engine.inference.device import is_out_of_memory

    output, validation = own_model_path(request.name), request.validation
    corrections = Corrections(request.corrections)
    judges = None if validation is None else Corrections(validation)
    run = finetune(
        resolve_model(request.base),
        corrections,
        output,
        request.config,
        validation=judges,
        resume=request.resume,
        cancel=stopped,
    )
    try:
        for event in run:
            if isinstance(event, FinetuneEpoch):
                _remember(request, output)
            if isinstance(event, FinetuneEnded):
                yield _judged(event, judges or corrections)
            else:
                yield event
            if isinstance(event, FinetunePlanned) and not event.epoch and stopped():
                # Nothing is there to keep: do not let the user wait for preparations.
                ended = FinetuneEnded(STOPPED, None, None, None, 0, event.held_out)
                yield _judged(ended, judges or corrections)
                return
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingFailedError(
            "The device has not enough memory for this training. Train the decoder "
            "only, close other programs, or choose the CPU in the Segment dock."
        ) from error
    finally:
        run.close()  # type: ignore[attr-defined]  # keeps the best, in this thread


def _judged(event: FinetuneEnded, judges: Corrections) -> Judged:
    images = {}
    with suppress(TrainingDataError):  # the folder may be gone: names will do
        images = {e.name: short_name(e.origin.image) for e in judges.examples()}
    titles = [images.get(row.name, row.name) for row in event.comparisons]
    unique = tuple(
        f"{title} ({titles[: index + 1].count(title)})"
        if titles.count(title) > 1
        else title
        for index, title in enumerate(titles)
    )
    return Judged(event, unique, judges)


def read_comparison(
    judged: Judged, comparison: Comparison
) -> Generator[ComparisonRead, None, None]:
    """Read the pixels of a compared example: a job of one event.

    Raises
    ------
    TrainingDataError
        If it was removed or damaged meanwhile.
    """
    pixels = judged.judges.read(comparison.name)
    examples = {e.name: e for e in judged.judges.examples()}
    yield ComparisonRead(comparison, examples[comparison.name], pixels)


def _remember(request: TrainingRequest, output: Path) -> None:
    """Write down what resuming needs and the state of the run lacks."""
    path = run_folder(output) / REQUEST
    values = {
        "base": request.base,
        "corrections": str(request.corrections),
        "validation": None if request.validation is None else str(request.validation),
        "config": request.config.to_dict(),
    }
    # Where it cannot be written, the run can be resumed with the dock's settings.
    with suppress(OSError):
        if not path.exists():
            path.write_text(json.dumps(values), "utf-8")


def request_to_resume(name: str, otherwise: TrainingRequest) -> TrainingRequest:
    """How a stopped run was started; as `otherwise` if that was not written down."""
    given = replace(otherwise, name=name, resume=True)
    try:
        text = (run_folder(own_model_path(name)) / REQUEST).read_text("utf-8")
        known = json.loads(text)
        judges = known["validation"]
        return replace(
            given,
            base=str(known["base"]),
            corrections=Path(known["corrections"]),
            validation=None if judges is None else Path(judges),
            config=FinetuneConfig(**known["config"]),
        )
    except (OSError, ValueError, KeyError, TypeError, SettingsError):
        return given
