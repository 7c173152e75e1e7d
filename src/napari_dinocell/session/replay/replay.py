"""What must be written down of a run to repeat it: axes, and settings of its own.

Knows neither the script nor the command that it is written in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.engine.model.read_info import read_info

if TYPE_CHECKING:
    from napari_dinocell.engine.results.provenance import ModelRecord
    from napari_dinocell.session.replay.run_record import RunRecord

OF_VOLUMES = ("z_spacing", "bridge", "orthogonal", "min_z_extent", "parting")
"""Settings that planes by themselves do not have."""


def axis_roles(record: RunRecord, ndim: int) -> str:
    """What each axis of the layer's data is.

    Parameters
    ----------
    record
        The run.
    ndim
        Number of axes of the layer's data.

    Returns
    -------
    One letter per axis: P numbers planes; Y, X, C (channels) and S (colors) are those
    of TIFF.
    """
    roles = ["P"] * ndim
    if record.rgb:
        roles[-1] = "S"
    if record.channel_axis is not None:
        roles[record.channel_axis] = "C"
    *_, rows, columns = (axis for axis, role in enumerate(roles) if role == "P")
    roles[rows], roles[columns] = "Y", "X"
    assert record.plane is None or len(record.plane) == roles.count("P")
    return "".join(roles)


def own_settings(model: ModelRecord) -> SegmentConfig | None:
    """Settings that a model brings along.

    Returns
    -------
    None if there is no model of that name, or it is another one by now.
    """
    try:
        path = resolve_model(model.name)
        if file_sha256(path) != model.sha256:
            return None
        info = read_info(path)
    except CheckpointError:
        return None
    return SegmentConfig(contrast=info.run_contrast, watershed=info.run_watershed)


def needed_settings(record: RunRecord, own: SegmentConfig | None) -> dict[str, Any]:
    """Settings that must be written, by the names that `with_overrides` takes.

    Parameters
    ----------
    record
        The run.
    own
        What the model brings along; None, if not known, has all of it written.

    Returns
    -------
    The cell diameter and the channel that were really used, and what differs from the
    defaults.
    """
    watershed = record.settings.watershed
    if record.region is not None:
        rows, columns = record.region
        watershed = watershed.seen_from(rows.start, columns.start)
    settings = replace(record.settings, watershed=watershed)
    used = _flat(replace(settings, cell_diameter=record.cell_diameter))
    if record.channel is not None:
        used["channel"] = record.channel
    used["link"] &= record.plane is None
    used["lineages"] &= record.plane is None
    used["volume"] &= record.plane is None
    if not used["volume"]:
        used = {name: used[name] for name in used if name not in OF_VOLUMES}
    known = _flat(own or SegmentConfig())
    always = {"cell_diameter"}
    if own is None:
        config = record.settings.to_dict()
        always |= {*config["contrast"], *config["watershed"]}
    return {
        name: value
        for name, value in used.items()
        if name in always or value != known[name]
    }


def unlinked_note(record: RunRecord) -> str | None:
    """What to say of one plane out of a stack with linked cells."""
    if record.plane is None or not record.settings.link:
        return None
    return "Cells have the ids of their plane alone; in the viewer those of the stack."


def partial_note(record: RunRecord) -> str | None:
    """What to say of a run that was stopped before its last tile."""
    if record.tiles is None:
        return None
    done, total = record.tiles
    return (
        f"The run was stopped after {done} of {total} tiles: here the rest is "
        "segmented, too."
    )


def literal(value: Any) -> str:
    """A setting in Python, with all its digits; floats of numpy are floats, too."""
    return float.__repr__(value) if isinstance(value, float) else repr(value)


def span(part: slice) -> str:
    """Rows or columns as "0:512"."""
    return f"{part.start}:{part.stop}"


def _flat(config: SegmentConfig) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in config.to_dict().items():
        flat |= value if isinstance(value, dict) else {name: value}
    return flat
