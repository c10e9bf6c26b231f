"""Files that try to run code or to reach out of the workspace; shared by the tests of hostile files."""

from __future__ import annotations

import json
import os
import pickle
import struct
from pathlib import Path

import numpy as np


class Payload:
    """Unpickled, it makes the folder `mark`."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self):
        return os.mkdir, (self.mark,)


def npy_with_payload(path: Path, mark: Path) -> Path:
    """An .npy file of objects: whoever loads it with pickle allowed makes the folder `mark`."""
    with path.open("wb") as file:
        np.save(file, np.array([Payload(mark)] * 3, dtype=object), allow_pickle=True)
    return path


def bare_pickle(path: Path, mark: Path) -> Path:
    """A pickle under another name."""
    path.write_bytes(pickle.dumps(Payload(mark)))
    return path


def npy_of_absurd_shape(path: Path, mark: Path) -> Path:
    """A header that promises more numbers than any disk holds, and no number."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (2**40, 192)})
    return path


def safetensors_of_absurd_header(path: Path, mark: Path) -> Path:
    """A header that says it is 2 ** 62 bytes long."""
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    return path


def safetensors_beyond_its_end(path: Path, mark: Path) -> Path:
    """A tensor that lies far behind the end of the file."""
    header = json.dumps({"x": {"dtype": "F32", "shape": [2**30], "data_offsets": [0, 2**32]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 16)
    return path


ARRAYS = (npy_with_payload, bare_pickle, npy_of_absurd_shape)
WEIGHTS = (safetensors_of_absurd_header, safetensors_beyond_its_end, bare_pickle)


def everything_below(folder: Path) -> set[str]:
    """Paths of all files and folders below `folder`."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
