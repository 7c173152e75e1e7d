"""What OME-Zarr 0.4 and 0.5 say of an image: its axes, its levels, where pixels lie.

Plain values of JSON in, frozen values out; knows no files. The two versions differ in
where the metadata lie, not in what they say: https://ngff.openmicroscopy.org.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from napari_dinocell.engine.errors import ImageFileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OmeVersion: TypeAlias = Literal["0.4", "0.5"]

_LETTERS = {"time": "T", "channel": "C"}
"""Of axes whose type says what they are; others go by their name."""

_CONVERT = "Convert it to one of these, for example by bioformats2raw or ome-zarr."


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One dimension."""

    name: str
    letter: str
    """T, C, Z, Y, X, or the first letter of another name."""
    type: str | None = None
    unit: str | None = None

    def to_json(self) -> dict[str, str]:
        """As it stands in the metadata."""
        values = {"name": self.name, "type": self.type, "unit": self.unit}
        return {key: value for key, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Transform:
    """From indices to places, in the units of the axes: scale, then translation."""

    scale: tuple[float, ...]
    translation: tuple[float, ...] | None = None

    def without(self, axis: int) -> Transform:
        """The same of all other axes."""
        scale, translation = self.scale, self.translation
        return Transform(
            scale[:axis] + scale[axis + 1 :],
            translation and translation[:axis] + translation[axis + 1 :],
        )

    def to_json(self) -> list[dict[str, Any]]:
        """As it stands in the metadata."""
        found: list[dict[str, Any]] = [{"type": "scale", "scale": list(self.scale)}]
        if self.translation is not None:
            place = {"type": "translation", "translation": list(self.translation)}
            found.append(place)
        return found


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution of an image."""

    path: str
    """Of its array, below the image."""
    transform: Transform


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiscale:
    """An image and its pyramid, from the finest level to the coarsest."""

    version: OmeVersion
    axes: tuple[Axis, ...]
    levels: tuple[Level, ...]
    whole: Transform | None = None
    """Comes after the transform of each level."""
    name: str | None = None

    @property
    def letters(self) -> str:
        """One per dimension."""
        return "".join(axis.letter for axis in self.axes)

    def without(self, letter: str) -> Multiscale:
        """The same image without one of its axes, if it has it."""
        if letter not in self.letters:
            return self
        at = self.letters.index(letter)
        levels = (Level(one.path, one.transform.without(at)) for one in self.levels)
        return replace(
            self,
            axes=self.axes[:at] + self.axes[at + 1 :],
            levels=tuple(levels),
            whole=self.whole and self.whole.without(at),
        )


def ome_part(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The OME metadata among a group's attributes, wherever the version has them."""
    ome = attributes.get("ome")
    return ome if isinstance(ome, dict) else attributes


def read_version(attributes: Mapping[str, Any], where: str) -> OmeVersion:
    """Version of OME-Zarr that a group is of.

    Raises
    ------
    ImageFileError
        If it is neither 0.4 nor 0.5.
    """
    ome = attributes.get("ome")
    if isinstance(ome, dict):
        found, is_right = ome.get("version"), "0.5"
    else:
        found, is_right = _version_04(attributes), "0.4"
    if found is None or str(found) == is_right:
        return cast("OmeVersion", is_right)
    raise ImageFileError(
        f"Expected OME-Zarr 0.4 or 0.5, got version {found!r} in {where}. {_CONVERT}"
    )


def _version_04(attributes: Mapping[str, Any]) -> Any:
    """Where 0.4 and older versions say which they are; None where nothing does."""
    parts = [attributes.get(key) for key in ("multiscales", "plate", "well")]
    scales = parts[0]
    if isinstance(scales, list) and scales:
        parts[0] = scales[0]
    versions = [p.get("version") for p in parts if isinstance(p, dict)]
    return next((version for version in versions if version is not None), None)


def read_multiscale(attributes: Mapping[str, Any], where: str) -> Multiscale:
    """Axes and levels of an image, out of its group's attributes.

    Parameters
    ----------
    where
        The image, for errors.

    Raises
    ------
    ImageFileError
        If version, axes or levels are none that can be read.
    """
    version = read_version(attributes, where)
    try:
        scales = ome_part(attributes)["multiscales"][0]
        axes = _axes(scales["axes"])
        levels = tuple(
            Level(
                str(dataset["path"]),
                _transform(dataset["coordinateTransformations"], len(axes)),
            )
            for dataset in scales["datasets"]
        )
        outer = scales.get("coordinateTransformations")
        whole = _transform(outer, len(axes)) if outer else None
    except (LookupError, TypeError, ValueError) as error:
        raise ImageFileError(
            f"The metadata of {where} are not as OME-Zarr {version} has them: "
            f"{_reason(error)}. Write it anew."
        ) from error
    if not levels:
        raise ImageFileError(f"{where} lists no level with pixels. Write it anew.")
    name = scales.get("name")
    return Multiscale(
        version=version,
        axes=axes,
        levels=levels,
        whole=whole,
        name=name if isinstance(name, str) else None,
    )


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error.args[0]!r}"
    return str(error)


def _axes(values: Sequence[Any]) -> tuple[Axis, ...]:
    """Axes with letters that differ; Y and X among them."""
    axes: list[Axis] = []
    for value in values:
        if not isinstance(value, dict):
            raise TypeError(f"an axis is {value!r}, as in versions before 0.4")
        name, kind = str(value["name"]), value.get("type")
        letter = _LETTERS.get(str(kind), name[:1].upper())
        axes.append(Axis(name=name, letter=letter, type=kind, unit=value.get("unit")))
    letters = [axis.letter for axis in axes]
    if len(set(letters)) < len(letters) or not {"Y", "X"} <= set(letters):
        names = ", ".join(repr(axis.name) for axis in axes)
        raise ValueError(f"expected axes y, x and others, each once, got {names}")
    return tuple(axes)


def _transform(steps: Sequence[Mapping[str, Any]], dimensions: int) -> Transform:
    found: dict[str, tuple[float, ...]] = {}
    for step in steps:
        kind = str(step["type"])
        if kind == "identity":
            continue
        if kind not in ("scale", "translation"):
            raise ValueError(f"a transformation is a {kind!r}")
        numbers = tuple(map(float, step[kind]))
        if len(numbers) != dimensions or not all(map(math.isfinite, numbers)):
            raise ValueError(f"a {kind} is {step[kind]!r} for {dimensions} axes")
        found[kind] = numbers
    scale = found.get("scale", (1.0,) * dimensions)
    if min(scale) <= 0:
        raise ValueError(f"a scale is {list(scale)!r}")
    return Transform(scale, found.get("translation"))
