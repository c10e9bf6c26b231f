"""Write a sound as WAV, FLAC or MP3, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.files import atomic_path

FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".mp3": ("MP3", "MPEG_LAYER_III")}


def check_sound_path(path: Path) -> None:
    """Raise InputError unless a sound can be written at `path`: known suffix, a folder that exists or can be made, no folder.

    Asked before anything is composed; nothing is left there.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path} must end in {', '.join(FORMATS)}", code="bad-suffix")
    if path.is_dir():
        raise InputError(f"cannot write {path}: it is a folder", code="unwritable")
    probe = path.with_name(f".{path.name}.probe")
    with atomic_path(probe, durable=False) as temporary:
        temporary.touch()
    probe.unlink()


def write_sound(path: Path, samples: NDArray[np.float32], sample_rate: int) -> None:
    """Write a mono sound, float32 (n,) in [-1, 1], in the format that the suffix names.

    Raises
    ------
    InputError : an unknown suffix, or `path` cannot be written.
    """
    import soundfile

    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path} must end in {', '.join(FORMATS)}", code="bad-suffix")
    kind, subtype = FORMATS[path.suffix.lower()]
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        soundfile.write(file, samples, sample_rate, format=kind, subtype=subtype)
