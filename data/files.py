"""Files that are whole or absent: write to a temporary name, flush, then replace."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.errors import InputError

# No permission; or a folder where the file should be, a file where its folder should be, a name that is too long.
_UNWRITABLE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP}
)

# No space on the disk, in the quota, or in what the shell lets one file take (`ulimit -f`).
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

# What numpy says, without a number, where the disk took only a part of an array.
_NUMPY_CUT_SHORT = re.compile(r"\d+ requested and \d+ written")


@contextlib.contextmanager
def atomic_path(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success flush it to disk and rename it over `path`, making its folder if need be.

    Parameters
    ----------
    durable : wait until the disk has it, so that it also survives a power failure; False for the many files of a cache, which
        can be computed again. A killed process loses nothing either way.

    Raises
    ------
    InputError : the disk is full (code "disk-full"); the folder cannot be written, or `path` is a folder, lies under a file or
        has too long a name (code "unwritable"). What was at `path` is untouched.
    """
    if not path.name:
        raise InputError(f"cannot write {path}: it is a folder", code="unwritable")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            if durable:
                with temporary.open("rb+") as file:
                    os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):  # where it could not even be made; the reason is on its way already
            temporary.unlink()


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a place that cannot be written into one clear line."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL or (error.errno is None and _NUMPY_CUT_SHORT.match(str(error))):
            raise InputError(
                f"no space left on the disk while writing {path}"
                + (" (a limit on the size of files, see `ulimit -f`)" if error.errno == errno.EFBIG else ""),
                code="disk-full",
                hint="Free some space and run the command again; nothing finished is lost",
            ) from error
        if error.errno in _UNWRITABLE:
            raise InputError(f"cannot write {path}: {error.strerror}", code="unwritable") from error
        raise


def write_json(path: Path, value: Any) -> None:
    """Write `value` as UTF-8 JSON, atomically. NaN and infinity are refused (they are not JSON)."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: Path, *, schema: int | None = None) -> dict[str, Any]:
    """Read a JSON object; `schema`, if given, must equal its "schema" member.

    Raises
    ------
    InputError : the file is missing, no JSON object, or of another schema.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", code="missing") from None
    except (ValueError, RecursionError) as error:  # no JSON or UTF-8; a number of absurd length; nested absurdly deep
        raise InputError(f"{path} is no valid JSON: {error}", code="damaged") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} must hold a JSON object", code="damaged")
    if schema is not None and value.get("schema") != schema:
        raise InputError(
            f"{path} has schema {value.get('schema')!r}, this program reads schema {schema}",
            code="schema",
            hint="Run the step that made it again",
        )
    return value


def fingerprint(*parts: Any) -> str:
    """A short stable name for a combination of JSON-able values: 16 hex digits."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def hash_file(path: Path) -> str:
    """Hash of a file's bytes: 32 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
