"""What the student says of patches that are hidden, against what the teacher sees.

Source: iBOT (Zhou et al. 2022, arXiv:2111.07832, equation 2): each image counts alike,
however many of its patches are hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def masked_patch_loss(
    student: Tensor, targets: Tensor, hidden: Tensor, *, temperature: float
) -> Tensor:
    """Cross-entropy, first over an image's hidden patches, then over images.

    Parameters
    ----------
    student, targets
        Logits and probabilities (M, K) of all hidden patches, image by image.
    hidden
        (B, P), bool, with M patches that are true. Images without any do not count.
    """
    log_said = (student.float() / temperature).log_softmax(-1)
    each = -(targets * log_said).sum(-1)  # (M,)
    counts = hidden.sum(1)  # (B,)
    image = hidden.nonzero()[:, 0]  # (M,)
    images = (counts > 0).sum().clamp(min=1)
    return (each / counts[image]).sum() / images
