"""The channels of an image, by the names that tables of measurements have for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.images.image_file import ImageFile

COLOURS = ("red", "green", "blue")


def named_channels(image: ImageFile, pixels: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Views of each channel.

    Parameters
    ----------
    image
        Whose pixels they are.
    pixels
        A page as `ImageFile.pages` gives it, or several: (..., Y, X), (..., Y, X, S) or
        (..., C, Y, X).

    Returns
    -------
    (..., Y, X) by name: "intensity" where there is but one; "red", "green" and "blue";
    or "channel_0", "channel_1", ...
    """
    if not image.channel_letter:
        return {"intensity": pixels}
    if image.channel_axis is None:
        return {name: pixels[..., number] for number, name in enumerate(COLOURS)}
    return {f"channel_{n}": pixels[..., n, :, :] for n in range(pixels.shape[-3])}
