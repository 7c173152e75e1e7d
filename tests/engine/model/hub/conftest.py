"""A hub that runs inside the test."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import huggingface_hub.constants as hub_constants
import pytest
from huggingface_hub import file_download
from huggingface_hub import utils as hub_utils

from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_dinocell.engine.model.dinocell import DinoCell

COMMIT = "c" * 40


@dataclass
class FakeHub:
    """Files and terms of the one repository "lab/cells", and what was asked of it."""

    files: dict[str, bytes]
    card: dict[str, Any] = field(default_factory=lambda: {"license": "cc-by-4.0"})
    error: str | None = None
    etag: str | None = None
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""

    def etag_of(self, name: str) -> str:
        return self.etag or hashlib.sha256(self.files[name]).hexdigest()

    def close_session(self) -> None:
        """The client reads its settings anew; before 1.0 the call has another name."""
        new = hasattr(hub_utils, "close_session")
        getattr(hub_utils, "close_session" if new else "reset_sessions")()


class Handler(BaseHTTPRequestHandler):
    """Answers like the hub's model, resolve and range requests."""

    hub: FakeHub

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        if self.hub.error is not None:
            self.fail(self.hub.error)
        elif re.fullmatch(r"/api/models/lab/cells(/revision/\w+)?", self.path):
            self.send_repository()
        elif self.path.startswith("/api/models"):
            self.fail("RepoNotFound")
        elif (name := self.path.rpartition("/")[2]) in self.hub.files:
            self.send_file(name, with_body=with_body)
        else:
            self.fail("EntryNotFound")

    def fail(self, code: str) -> None:
        self.send_response(403 if code == "GatedRepo" else 404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_repository(self) -> None:
        names = [{"rfilename": name} for name in ("README.md", *self.hub.files)]
        body = json.dumps(
            {
                "id": "lab/cells",
                "sha": COMMIT,
                "siblings": names,
                "cardData": self.hub.card,
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_file(self, name: str, *, with_body: bool) -> None:
        content, wanted = self.hub.files[name], self.headers.get("Range")
        total, start = len(content), 0
        if wanted is not None:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.send_header("ETag", f'"{self.hub.etag_of(name)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(total - start))
        self.end_headers()
        if with_body:
            self.hub.ranges.append(wanted)
            self.wfile.write(content[start:])

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def checkpoint(make_model: Callable[..., DinoCell], tmp_path: Path) -> bytes:
    model = make_model()
    info = CheckpointInfo(model=model.config, name="From the hub")
    save_checkpoint(tmp_path / "m.safetensors", model, info)
    return (tmp_path / "m.safetensors").read_bytes()


@pytest.fixture
def fake_hub(
    checkpoint: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[FakeHub]:
    """A hub on this machine, asked instead of the real one."""
    fake = FakeHub({"model.safetensors": checkpoint})
    handler = type("BoundHandler", (Handler,), {"hub": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    template = fake.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(hub_constants, "ENDPOINT", fake.url)
    for module in (hub_constants, file_download):  # before 1.0 each has its own
        name = "HUGGINGFACE_CO_URL_TEMPLATE"
        monkeypatch.setattr(module, name, template, raising=False)
    monkeypatch.setattr(hub_constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub_constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
    # so that progress is reported, and can be cancelled, several times per file
    monkeypatch.setattr(hub_constants, "DOWNLOAD_CHUNK_SIZE", 4096)
    fake.close_session()
    yield fake
    fake.close_session()
    server.shutdown()
    thread.join()
    server.server_close()
