"""The loss of one part of a step: views, hidden patches, distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from dinocell_training.pretrain.losses.centring import Centre
from dinocell_training.pretrain.losses.distillation import distillation_loss
from dinocell_training.pretrain.losses.koleo import koleo_loss
from dinocell_training.pretrain.losses.masked_patches import masked_patch_loss
from dinocell_training.pretrain.losses.sinkhorn import sinkhorn_targets
from napari_dinocell.engine.model.vit import NUM_PREFIX_TOKENS

if TYPE_CHECKING:
    from dinocell_training.pretrain.batches import Batch
    from dinocell_training.pretrain.config import PretrainConfig
    from dinocell_training.pretrain.network import PretrainNetwork


@dataclass(frozen=True, slots=True)
class Losses:
    """Scalar tensors."""

    views: Tensor
    patches: Tensor
    koleo: Tensor

    def total(self, config: PretrainConfig) -> Tensor:
        """Weighted sum."""
        return (
            self.views
            + config.patch_weight * self.patches
            + config.koleo_weight * self.koleo
        )


class Objective(nn.Module):
    """Compares a student with its teacher; its state are the two centres."""

    def __init__(self, config: PretrainConfig) -> None:
        super().__init__()
        self._config = config
        self.view_centre, self.patch_centre = (
            Centre(config.prototypes) for _ in range(2)
        )

    def forward(
        self,
        student: PretrainNetwork,
        teacher: PretrainNetwork,
        batch: Batch,
        temperature: float,
    ) -> Losses:
        """Losses of a part; `temperature` is the teacher's."""
        large, hidden = batch.large.flatten(0, 1), batch.hidden.flatten(0, 1)
        with torch.no_grad():
            seen = teacher.tokens(large)
            view_logits = teacher.view_head(seen[:, 0])
            targets = self._targets(view_logits, self.view_centre, temperature)
            shown = seen[:, NUM_PREFIX_TOKENS:][hidden]  # (M, C)
            patch_targets = self._patch_targets(teacher, shown, temperature)
        tokens = student.tokens(large, hidden)
        cls_tokens = tokens[:, 0].reshape(2, -1, tokens.shape[-1])  # (2, B, C)
        guessed = student.patch_head(tokens[:, NUM_PREFIX_TOKENS:][hidden])
        return Losses(
            views=distillation_loss(
                self._said(student, cls_tokens, batch.small),
                targets.reshape(2, -1, targets.shape[-1]),
                temperature=self._config.student_temperature,
            ),
            patches=masked_patch_loss(
                guessed,
                patch_targets,
                hidden,
                temperature=self._config.student_temperature,
            ),
            koleo=(koleo_loss(cls_tokens[0]) + koleo_loss(cls_tokens[1])) / 2,
        )

    def _said(
        self, student: PretrainNetwork, cls_tokens: Tensor, small: Tensor
    ) -> Tensor:
        """Logits (2 + V, B, K) of the student for all views."""
        if len(small):
            flat = student.tokens(small.flatten(0, 1))[:, 0]
            others = flat.reshape(*small.shape[:2], -1)
            cls_tokens = torch.cat([cls_tokens, others])
        logits: Tensor = student.view_head(cls_tokens)
        return logits

    def _patch_targets(
        self, teacher: PretrainNetwork, shown: Tensor, temperature: float
    ) -> Tensor:
        logits: Tensor = teacher.patch_head(shown)
        if not len(shown):  # nothing hidden: nothing to balance
            return logits
        return self._targets(logits, self.patch_centre, temperature)

    def _targets(self, logits: Tensor, centre: Centre, temperature: float) -> Tensor:
        match self._config.balance:
            case "sinkhorn":
                return sinkhorn_targets(logits, temperature=temperature)
            case "mean":
                return centre.targets(logits, temperature=temperature)
            case "none":
                return (logits / temperature).softmax(-1)
