"""A box for numbers of few and of many digits alike."""

from __future__ import annotations

from napari_dinocell.widgets.shared.controls import NumberBox


class ShortBox(NumberBox):
    """Number shown without zeros that say nothing: 99.9, 99.95, 100."""

    def textFromValue(self, value: float) -> str:
        """The shortest text, in the user's language."""
        text: str = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").rstrip(point) if point in text else text
