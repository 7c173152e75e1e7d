"""Why a plane holds no cells: a result like any other, said in words."""

from __future__ import annotations

from enum import StrEnum


class NoCells(StrEnum):
    """What was seen instead of cells."""

    CONSTANT = "constant"
    NOISE = "noise"
    UNSURE = "unsure"

    @property
    def sentence(self) -> str:
        """For people."""
        return _SENTENCES[self]


_SENTENCES = {
    NoCells.CONSTANT: "The image holds one single value: there are no cells to find.",
    NoCells.NOISE: "No cells found: nothing in the image stands out of its noise.",
    NoCells.UNSURE: (
        "No cells found: the image is faint, and the model is unsure of all that it "
        "sees there."
    ),
}
