"""A run as a Python script; to the user, "Copy as Python".

A single plane is one call of `segment`, and so is a volume. For a whole stack the model
is loaded once, by a `Segmenter`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_dinocell.session.replay.replay import (
    axis_roles,
    literal,
    needed_settings,
    own_settings,
    partial_note,
    span,
    unlinked_note,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_dinocell.session.replay.run_record import RunRecord

LOOP_NAMES = "ijklmnop"
"""Variables that count planes, one per axis."""


def as_python(record: RunRecord, *, array_ndim: int) -> str:
    """Write a script that makes the labels of a run again, to the bit.

    Parameters
    ----------
    record
        The run.
    array_ndim
        Number of axes of the layer's data (of its first level, where it has several).

    Returns
    -------
    Lines of Python. They leave the labels in `labels`: (Y, X) for one plane,
    (..., Y, X) for all of them, 0 outside the region.
    """
    axes = axis_roles(record, array_ndim)
    if record.settings.stack.volume and record.plane is None:
        axes = _with_slices(axes)
    loops = record.plane is None and "P" in axes and "Z" not in axes
    blocks = [
        _heading(record),
        _imports(record),
        _own_imports(record, loops=loops),
        _reading(record, array_ndim),
        _model(record),
        _all_planes(record, axes) if loops else _one_call(record, axes),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def _heading(record: RunRecord) -> list[str]:
    version = record.versions.get
    lines = [
        f"Labels of {record.source_name!r} as made on {record.created} by",
        f"napari-dinocell {version('napari-dinocell')} and torch {version('torch')} "
        f"on {record.device} in {record.precision}.",
        *filter(None, [unlinked_note(record), partial_note(record)]),
    ]
    return [f"# {' '.join(line.split())}" for line in lines]  # never a second line


def _imports(record: RunRecord) -> list[str]:
    imports = ["import numpy as np"]
    if record.source_path is not None:
        imports += filter(None, [_reader(record.source_path)[0]])
    if _keeps_threads(record):
        imports.append("import torch")
    return sorted(imports, key=lambda line: line.split()[1])


def _own_imports(record: RunRecord, *, loops: bool) -> list[str]:
    numbers = "from napari_dinocell.engine.labels.consecutive_ids import ConsecutiveIds"
    expand = "from napari_dinocell.engine.labels.expand import expand_cells"
    link = "from napari_dinocell.engine.link import PageLinker"
    track = "from napari_dinocell.engine.track import track"
    return [
        f"from napari_dinocell import {'Segmenter' if loops else 'segment'}",
        *([numbers] if loops and record.settings.consecutive_ids else []),
        *([expand] if loops and record.settings.expand else []),
        *([link] if loops and record.settings.link else []),
        *([track] if loops and record.settings.lineages else []),
        "from napari_dinocell.engine.model.checkpoint_file import file_sha256",
        "from napari_dinocell.engine.model.model_store import resolve_model",
    ]


def _keeps_threads(record: RunRecord) -> bool:
    return record.threads is not None and record.device == "cpu"


def _model(record: RunRecord) -> list[str]:
    """Find the model, and make sure that it is the same."""
    lines = [
        f"model = resolve_model({record.model.name!r})",
        f"if file_sha256(model) != {record.model.sha256!r}:",
        '    raise SystemExit(f"{model} is not the model that made these labels.")',
    ]
    if _keeps_threads(record):
        setting = f"torch.set_num_threads({record.threads})"
        lines.append(f"{setting}  # on a CPU the last bits depend on it")
    return lines


def _reading(record: RunRecord, ndim: int) -> list[str]:
    """Get the very array that the layer shows."""
    path = record.source_path
    if path is None:
        return [
            "# The image is not from a file: run this in the console of its viewer.",
            f"layer = viewer.layers[{record.source_name!r}]",
            "image = layer.data[0] if layer.multiscale else layer.data",
        ]
    _, call = _reader(path)
    levels = "image = image[0] if isinstance(image, list) else image"
    return [
        f"image = {call}({path!r})",
        *([levels] if call == "magic_imread" else []),
        f"if image.ndim != {ndim}:",
        '    raise SystemExit(f"Expected the '
        f"{ndim} axes that the layer had, got {{image.shape}}. "
        'Read the file as napari did.")',
    ]


def _reader(path: str) -> tuple[str, str]:
    """Import and function that give the same array as napari's own reader."""
    place = Path(path)
    suffix = place.suffix.lower()
    if "://" not in path:
        if suffix in (".tif", ".tiff"):
            return "import tifffile", "tifffile.imread"
        if suffix == ".npy":
            return "", "np.load"
        if place.is_dir() or any(part.endswith(".zarr") for part in place.parts):
            return "from napari_builtins.io import magic_imread", "magic_imread"
    return "import imageio.v3 as iio", "iio.imread"


def _with_slices(axes: str) -> str:
    """Roles of the axes where the last one that numbers planes goes through slices."""
    z = axes.rindex("P")
    return axes[:z] + "Z" + axes[z + 1 :]


def _one_call(record: RunRecord, axes: str) -> list[str]:
    """A plane, or each volume."""
    volumes = list(LOOP_NAMES[: axes.count("P")]) if record.plane is None else []
    numbers = volumes or list(map(str, record.plane or ()))
    kept = ("P" * len(volumes) + "ZYX") if "Z" in axes else "YX"
    labels = _indexed("labels", record, kept, volumes)
    lines = [
        f"{labels} = segment(",
        *_indented([_indexed("image", record, axes, numbers), "model=model"]),
        *_indented([f"device={record.device!r}", *_channel_axis(axes)]),
        *_indented(_keywords(record)),
        ")",
        f'print(np.count_nonzero(np.unique({labels})), "cells")',
    ]
    if volumes:
        counts = [f"image.shape[{n}]" for n, role in enumerate(axes) if role == "P"]
        head = f"for {', '.join(volumes)} in np.ndindex({', '.join(counts)}):"
        if len(volumes) == 1:
            head = f"for {volumes[0]} in range({counts[0]}):"
        lines = [head, *(f"    {line}" for line in lines)]
    if record.region is None and not volumes:
        return lines
    return [f"labels = np.zeros({_shape(axes, kept)}, np.int32)", *lines]


def _all_planes(record: RunRecord, axes: str) -> list[str]:
    names = list(LOOP_NAMES[: axes.count("P")])
    image = _indexed("image", record, axes, names)
    steps = ", ".join([image, "config", *_channel_axis(axes)])
    counts = [f"image.shape[{axis}]" for axis, role in enumerate(axes) if role == "P"]
    each = "range" if len(names) == 1 else "np.ndindex"
    linked, numbered = record.settings.link, record.settings.consecutive_ids
    followed = record.settings.lineages
    found = "segmenter.labels()"
    if record.settings.expand:
        found = f"expand_cells({found}, {literal(record.settings.expand)})"
    if linked:
        found = f"linker.link({found}, ({', '.join(names)},))"
    if numbered and not followed:
        found = f"numbers.renumber({found})"
    each_plane = f"for {', '.join(names)} in {each}({', '.join(counts)}):"
    labels = _indexed("labels", record, "P" * len(names) + "YX", names)
    renumbered = f"numbers.renumber({labels})"
    return [
        f"segmenter = Segmenter(model, device={record.device!r})",
        "config = segmenter.default_config().with_overrides(",
        *_indented(_keywords(record)),
        ")",
        *(["linker = PageLinker()"] if linked else []),
        *(["numbers = ConsecutiveIds()"] if numbered else []),
        f"labels = np.zeros({_shape(axes, 'PYX')}, np.int32)",
        each_plane,
        f"    for _ in segmenter.steps({steps}):",
        "        pass",
        f"    {labels} = {found}",
        f'    print({", ".join(names)}, segmenter.count(), "cells")',
        *(_lineages() if followed else []),
        *(
            [each_plane, f"    {labels} = {renumbered}"]
            if followed and numbered
            else []
        ),
    ]


def _lineages() -> list[str]:
    """Daughters get ids of their own once all frames are there."""
    return [
        "followed = track(labels, link=False)  # the lineage, as it was found",
        "labels = followed.labels",
        "for cell in followed.lineage.tracks:",
        "    print(cell)",
    ]


def _indented(arguments: Iterable[str]) -> list[str]:
    return [f"    {argument}," for argument in arguments]


def _keywords(record: RunRecord) -> list[str]:
    settings = needed_settings(record, own_settings(record.model))
    for step in ("link", "lineages"):  # steps of their own
        settings.pop(step, None)
    return [f"{name}={literal(value)}" for name, value in settings.items()]


def _channel_axis(axes: str) -> list[str]:
    """The argument that says where a plane has its channels, if it has any."""
    kept = axes.replace("P", "")
    return [f"channel_axis={kept.index('C')}"] if "C" in kept else []


def _indexed(name: str, record: RunRecord, axes: str, plane: Sequence[str]) -> str:
    """An array with these axes, at a plane and the region."""
    chosen = {"P": iter(plane)}
    if record.region is not None:
        rows, columns = map(span, record.region)
        chosen |= {"Y": iter([rows]), "X": iter([columns])}
    parts = [next(chosen[role]) if role in chosen else ":" for role in axes]
    while parts and parts[-1] == ":":
        parts.pop()
    return f"{name}[{', '.join(parts)}]" if parts else name


def _shape(axes: str, wanted: str) -> str:
    """Lengths of some axes of the image."""
    chosen = [axis for axis, role in enumerate(axes) if role in wanted]
    if len(chosen) == len(axes):
        return "image.shape"
    return f"({', '.join(f'image.shape[{axis}]' for axis in chosen)})"
