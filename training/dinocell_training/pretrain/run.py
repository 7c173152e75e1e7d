"""A pretraining run in memory and on disk: started, restored, saved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from dinocell_training.pretrain.config import PretrainConfig
from dinocell_training.pretrain.network import PretrainNetwork
from dinocell_training.pretrain.objective import Objective
from dinocell_training.trainer.average import WeightAverage
from dinocell_training.trainer.resume import require_same_run
from dinocell_training.trainer.state import load_values, save_values
from dinocell_training.trainer.trainer import Trainer, by_decay
from napari_dinocell.engine.inference.device import choose_device, choose_precision
from napari_dinocell.engine.model.checkpoint import (
    CheckpointInfo,
    file_sha256,
    load_checkpoint,
    save_checkpoint,
)
from napari_dinocell.engine.model.dinocell import DinoCell
from napari_dinocell.engine.model.model_config import (
    THIN_DECODER_CHANNELS,
    ModelConfig,
)
from napari_dinocell.engine.model.model_store import resolve_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dinocell_training.pretrain.fields import Field
    from dinocell_training.pretrain.probe import ProbeImage
    from napari_dinocell.engine.inference.device import Precision


@dataclass(slots=True)
class PretrainState:
    """What an interrupted run needs to go on."""

    config: dict[str, Any]
    """`PretrainConfig.to_dict()` of the run."""
    student: dict[str, Any]
    teacher: dict[str, Any]
    objective: dict[str, Any]
    optimizer: dict[str, Any]
    epoch: int
    """Epochs that are finished."""
    parent_sha256: str | None


@dataclass(slots=True)
class PretrainRun:
    """All that lives as long as the run does."""

    config: PretrainConfig
    folder: Path
    device: torch.device
    precision: Precision
    fields: Sequence[Field]
    probe: list[ProbeImage]
    """Labelled images to look at; perhaps none."""
    student: PretrainNetwork
    teacher: WeightAverage[PretrainNetwork]
    objective: Objective
    trainer: Trainer
    card: CheckpointInfo
    """Of the backbone, as it will be written."""
    epoch: int = 0

    @property
    def checkpoint(self) -> Path:
        """The backbone on disk, named as the folder."""
        return self.folder / f"{self.folder.name}.safetensors"


def state_to_resume(
    output: Path, config: PretrainConfig, *, resume: bool
) -> PretrainState | None:
    """The state to go on with; refuses to overwrite a run or to mix two.

    Raises
    ------
    TrainingFailedError
        If there is a run that is not to be resumed, or one of other settings.
    """
    state = load_values(output, PretrainState)
    if state is None:
        return None
    earlier = partial(PretrainConfig.from_dict, state.config)
    require_same_run(output, config, earlier, resume=resume, noun="a pretraining run")
    return state


def start_run(
    output: Path,
    config: PretrainConfig,
    fields: Sequence[Field],
    start: tuple[DinoCell, CheckpointInfo] | None,
    probe: list[ProbeImage],
) -> PretrainRun:
    """A run at its first step, from a given model's backbone or from a random one."""
    device = choose_device(config.device)
    torch.manual_seed(config.seed)
    card = _card(output.name, config, start and start[1])
    student = PretrainNetwork(card.model, config)
    if start is not None:
        student.backbone.load_state_dict(start[0].backbone.state_dict())
    student.backbone.drop_paths(config.drop_path)
    student.to(device)
    groups = by_decay(
        student.parameters(),
        rate=config.learning_rate,
        weight_decay=config.weight_decay,
    )
    return PretrainRun(
        config=config,
        folder=output,
        device=device,
        precision=choose_precision(device, config.precision),
        fields=fields,
        probe=probe,
        student=student,
        teacher=WeightAverage(student, decay=config.teacher_decay, rise=0),
        objective=Objective(config).to(device),
        trainer=Trainer(student, groups, config, total_steps=config.total_steps),
        card=card,
    )


def load_start(config: PretrainConfig) -> tuple[DinoCell, CheckpointInfo] | None:
    """The model that a run goes on from, with its card; None starts at random.

    Raises
    ------
    CheckpointError
        If it cannot be read.
    """
    if not config.initial:
        return None
    path = resolve_model(config.initial)
    model, info = load_checkpoint(path)
    return model, replace(info, parent_sha256=file_sha256(path))


def _card(
    name: str, config: PretrainConfig, start: CheckpointInfo | None
) -> CheckpointInfo:
    """A backbone's card: its decoder is random, whatever the start's was."""
    thin = ModelConfig(variant=config.variant, decoder_channels=THIN_DECODER_CHANNELS)
    return CheckpointInfo(
        name=name,
        model=replace(start.model, image_skips=False) if start else thin,
        contrast=config.contrast,
        needs_training=True,
        licence=config.licence or (start.licence if start else "unknown"),
        data_sources=(*(start.data_sources if start else ()), *config.data_sources),
        parent_sha256=start.parent_sha256 if start else None,
        recipe=config.to_dict(),
    )


def restore_run(run: PretrainRun, state: PretrainState) -> None:
    """Bring a started run to where the stored one was."""
    run.student.load_state_dict(state.student)
    run.teacher.load_state_dict(state.teacher)
    run.objective.load_state_dict(state.objective)
    run.trainer.optimizer.load_state_dict(state.optimizer)
    run.epoch = state.epoch
    run.card = replace(run.card, parent_sha256=state.parent_sha256)


def save_run(run: PretrainRun, metrics: dict[str, Any]) -> None:
    """Write the teacher's backbone, then all that resuming needs."""
    torch.manual_seed(run.config.seed)  # of the decoder, which nobody has trained
    model = DinoCell(run.card.model)
    model.backbone.load_state_dict(run.teacher.model.backbone.state_dict())
    info = replace(
        run.card,
        metrics=metrics,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    save_checkpoint(run.checkpoint, model, info)
    state = PretrainState(
        config=run.config.to_dict(),
        student=run.student.state_dict(),
        teacher=run.teacher.state_dict(),
        objective=run.objective.state_dict(),
        optimizer=run.trainer.optimizer.state_dict(),
        epoch=run.epoch,
        parent_sha256=run.card.parent_sha256,
    )
    save_values(run.folder, {name: getattr(state, name) for name in state.__slots__})
