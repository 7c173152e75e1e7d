"""Every error this project raises on purpose.

A message says what was expected, what was found and what to do. Each class also
derives from the builtin that a caller would naturally catch. None derives from
RuntimeError: generator workers of the viewer swallow those.
"""

from __future__ import annotations


class DinoCellError(Exception):
    """Base of all errors with a message meant for the user."""


class ImageError(DinoCellError, ValueError):
    """The image cannot be segmented as it is (dtype, dimensions, channel)."""


class ImageFileError(DinoCellError, OSError):
    """An image file is missing, unreadable or of an unknown kind."""


class SettingsError(DinoCellError, ValueError):
    """A setting lies outside its range, or two settings contradict each other."""


class PresetExistsError(DinoCellError, FileExistsError):
    """There is a preset of that name, which was not to be replaced."""


class CheckpointError(DinoCellError, ValueError):
    """A checkpoint file is damaged, of another format, or does not fit the model."""


class CheckpointNotFoundError(CheckpointError, FileNotFoundError):
    """There is no checkpoint under this name or path."""


class UnsafeCheckpointError(CheckpointError):
    """A pickle asks to run code while it is loaded; nothing was run."""


class NeedsTrainingError(DinoCellError, ValueError):
    """The checkpoint holds a backbone only: its decoder must be trained first."""


class DeviceError(DinoCellError, ValueError):
    """The requested device does not exist on this machine."""


class PredictionError(DinoCellError):
    """The network failed on every rung of the out-of-memory ladder, or crashed."""


class OutOfMemoryError(DinoCellError, MemoryError):
    """A step would need more memory than there is; nothing was changed."""


class HaloLimitError(DinoCellError):
    """The cells of a block depend on pixels farther away than it may look."""


class PlanError(DinoCellError, ValueError):
    """A run in blocks does not fit what its folder was planned for, or is not done."""


class NotInBlocksError(PlanError):
    """What blocks cannot do, and whole planes can."""


class TrainingDataError(DinoCellError, ValueError):
    """Training images or labels are missing, empty or do not match."""


class TrainingFailedError(DinoCellError):
    """Training cannot go on (NaN loss, resume mismatch); the best state is kept."""


class ExportError(DinoCellError, OSError):
    """Results could not be written; whatever stood there before is untouched."""


class LabelsError(ExportError):
    """What is to be labels holds no ids of cells: negative, or no whole numbers."""


class EditError(DinoCellError, ValueError):
    """A correction cannot be made as asked for; the labels are as they were."""


class JobBusyError(DinoCellError):
    """Another job has the model: two at once would get in each other's way."""
