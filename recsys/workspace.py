"""One folder on disk that holds all that was analysed and learned; this module alone knows where what lies in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from data.catalogue import Catalogue
from data.errors import InputError
from data.files import disk_errors, read_json, write_json

SCHEMA = 1
DEFAULT = Path("recsys-workspace")
MARKER = "workspace.json"
UNFINISHED = ("lock", "catalogue.sqlite", f".{MARKER}")  # what a killed first command may leave; the marker comes last


@dataclass(frozen=True)
class Workspace:
    """Paths inside a workspace; open one with `open_workspace`, make one with `create_workspace`."""

    root: Path

    @property
    def catalogue_path(self) -> Path:
        """SQLite: songs, labels, file states, failure ledger."""
        return self.root / "catalogue.sqlite"

    @property
    def listens(self) -> Path:
        """Parquet, one file a source."""
        return self.root / "listens"

    @property
    def images(self) -> Path:
        """Hyper-images by spec fingerprint and content hash."""
        return self.root / "hyper-images"

    @property
    def encoder(self) -> Path:
        """The trained network."""
        return self.root / "models" / "encoder"

    @property
    def encoder_set_aside(self) -> Path:
        """An empty file, there while the shipped encoder is used although one was trained."""
        return self.root / "models" / "encoder" / "set-aside"

    @property
    def shipped(self) -> Path:
        """The shipped encoder by which songs were embedded here, in a folder that its fingerprint names."""
        return self.root / "models" / "shipped"

    @property
    def shipped_pointer(self) -> Path:
        """Says which of `shipped` is in use."""
        return self.shipped / "in-use.json"

    @property
    def checkpoint(self) -> Path:
        """A training that is under way."""
        return self.root / "models" / "encoder-checkpoint"

    @property
    def metrics(self) -> Path:
        """What each epoch of the last training came to, one JSON object a line."""
        return self.root / "models" / "encoder" / "metrics.jsonl"

    @property
    def folds(self) -> Path:
        """Networks of cross-validation, each trained without one fold."""
        return self.root / "models" / "folds"

    @property
    def embeddings(self) -> Path:
        """Song vectors: Parquet and mappable array."""
        return self.root / "embeddings"

    @property
    def imported(self) -> Path:
        """Imported vectors, all of them, and how they are used; while it is there, `embeddings` is made of it."""
        return self.root / "imported-embeddings" / "vectors.parquet"

    @property
    def imported_centres(self) -> Path:
        """Where our vectors and the imported ones have their centres, where both are used."""
        return self.root / "imported-embeddings" / "centres.json"

    @property
    def own_embeddings(self) -> Path:
        """Our own song vectors while imported ones are in use; otherwise they lie in `embeddings`."""
        return self.root / "own-embeddings"

    @property
    def hybrid(self) -> Path:
        """The model that recommends."""
        return self.root / "models" / "hybrid"

    @property
    def tuned(self) -> Path:
        """Choices of engines that a search found, one file an engine."""
        return self.root / "models"

    @property
    def tuning(self) -> Path:
        """Trials of searches for choices, one line each."""
        return self.root / "tuning"

    @property
    def splits(self) -> Path:
        """Saved splits of the last evaluations."""
        return self.root / "splits"

    @property
    def composing(self) -> Path:
        """What composing needs beside the encoder: networks and priors."""
        return self.root / "models" / "composing"

    @property
    def reports(self) -> Path:
        """Reports and pictures."""
        return self.root / "reports"

    def catalogue(self, *, readonly: bool = False) -> Catalogue:
        """Open the catalogue (a context manager)."""
        return Catalogue.open(self.catalogue_path, readonly=readonly)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the workspace for writing; readers go on.

        Raises
        ------
        InputError : another process writes (code "locked"). The lock goes with its process, killed or not.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.root / "lock", timeout=0)
        try:
            with disk_errors(self.root):
                lock.acquire()
        except Timeout:
            raise InputError(
                f"another command is writing to {self.root}", code="locked", hint="Wait until it ends, then run this again"
            ) from None
        try:
            for left_over in self.root.rglob(".*.tmp"):  # of a writer that was killed: nobody else writes now
                left_over.unlink(missing_ok=True)
            yield
        finally:
            lock.release()


def create_workspace(root: Path) -> Workspace:
    """Open the workspace at `root`, making it if the folder is missing or empty.

    Raises
    ------
    InputError : `root` is a file, or a folder with other things in it.
    """
    if root.exists() and not root.is_dir():
        raise InputError(f"{root} is a file; a workspace is a folder", code="workspace")
    if not (root / MARKER).exists():
        if root.exists() and any(not name.startswith(UNFINISHED) for name in os.listdir(root)):  # noqa: PTH208
            raise InputError(
                f"{root} is not empty and is no workspace", code="workspace", hint="Choose an empty or new folder with -w"
            )
        with disk_errors(root):
            root.mkdir(parents=True, exist_ok=True)
        with Workspace(root).writing():
            Catalogue.open(root / "catalogue.sqlite", create=True).close()
            write_json(root / MARKER, {"schema": SCHEMA, "kind": "recsys-workspace"})
    return open_workspace(root)


def open_workspace(root: Path) -> Workspace:
    """Open an existing workspace.

    Raises
    ------
    InputError : there is none at `root`, or it is of another schema.
    """
    if not (root / MARKER).exists():
        raise InputError(
            f"there is no workspace at {root}", code="workspace", hint="Make one with `recsys -w FOLDER scan MUSIC_FOLDER`"
        )
    read_json(root / MARKER, schema=SCHEMA)
    return Workspace(root)
