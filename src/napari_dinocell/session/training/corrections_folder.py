"""Which corrections folder is in use: the last chosen one, else one beside the models.

Knows no Qt.
"""

from __future__ import annotations

from pathlib import Path

from napari_dinocell.engine.model.model_store import home_folder
from napari_dinocell.session.remembered import load_remembered, save_remembered

FILE_NAME = "corrections_settings.json"
"""Of what is remembered, in the user's data folder."""


def default_folder() -> Path:
    """Where examples go unless the user says otherwise; it may not exist yet."""
    return home_folder() / "corrections"


def chosen_folder() -> Path:
    """The folder that was chosen last."""
    folder = load_remembered(FILE_NAME).get("folder")
    return Path(folder) if isinstance(folder, str) and folder else default_folder()


def remember_folder(folder: Path) -> None:
    """Use a folder from now on; the default one is remembered as none.

    So that it follows the user's data folder wherever that is moved.
    """
    own = "" if folder == default_folder() else str(folder)
    save_remembered({"folder": own}, FILE_NAME)
