"""Records that are added one by one and survive a kill: a file of one JSON object a line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.files import disk_errors


def append_line(path: Path, value: Mapping[str, Any]) -> None:
    """Add one line, making the file and its folder if need be; it is on disk when this returns."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """All records; none where there is no file. A last line that was torn by a kill is cut off the file.

    One writer at a time: the cut would take what another is writing.

    Raises
    ------
    InputError : another line is no JSON object (code "damaged").
    """
    if not path.exists():
        return []
    with disk_errors(path):
        data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with disk_errors(path), path.open("rb+") as file:
            file.truncate(len(whole))
            os.fsync(file.fileno())
    records = []
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise InputError(f"line {number} of {path} is no JSON object", code="damaged", hint="Remove the file and begin anew")
        records.append(record)
    return records
