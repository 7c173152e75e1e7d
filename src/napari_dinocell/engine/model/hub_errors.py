"""Say in plain words what the client of the Hugging Face hub raises."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from napari_dinocell.engine.errors import CheckpointError, CheckpointNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The HTTP library behind the client changes with its version (requests, httpx), and
# with it the class of "no connection". The client's own error derives from that
# library's, whose base covers them all.
CONNECTION_ERRORS = (
    OfflineModeIsEnabled,
    *(kind for kind in HfHubHTTPError.__mro__ if kind.__module__ != "builtins"),
)


@contextmanager
def plain_errors(repo_id: str, filename: str | None) -> Iterator[None]:
    """Turn the client's errors into checkpoint errors that say what to do."""
    try:
        yield
    except GatedRepoError as error:
        raise CheckpointError(
            f"{repo_id} gives access on request only. Accept its licence on "
            f"https://huggingface.co/{repo_id}, then sign in with 'hf auth login'."
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointNotFoundError(
            f"Expected a model repository called {repo_id!r} on the hub, found none, "
            "or a private one. Check the name; for private models sign in with 'hf "
            "auth login'."
        ) from error
    except RevisionNotFoundError as error:
        raise CheckpointNotFoundError(
            f"{repo_id} has no such revision. Check its name, or leave it out."
        ) from error
    except EntryNotFoundError as error:
        raise CheckpointNotFoundError(
            f"Expected {filename} in {repo_id}, found no such file. Check its name."
        ) from error
    except HFValidationError as error:
        raise CheckpointError(
            f"Expected a repository such as 'owner/name', got {repo_id!r}."
        ) from error
    except CONNECTION_ERRORS as error:
        place = f"{repo_id}/{filename}" if filename else repo_id
        raise CheckpointError(
            f"{place} could not be downloaded: {_reason(error)}. Check the connection "
            "and try again: what has arrived is kept. Without internet, copy the file "
            "to this machine and open it by its path."
        ) from error


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
