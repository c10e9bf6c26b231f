"""Composed songs as files, whole, without their length tag or damaged; shared by the tests of decoding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 44100


def tone(seconds: float, channels: int = 2, rate: int = RATE) -> np.ndarray:
    """A tone with a little noise, float32 (n, channels)."""
    t = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(0).standard_normal((len(t), channels))
    return (0.3 * np.sin(2 * np.pi * 440 * t)[:, None] + 0.03 * noise).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    kind = {".mp3": "MP3", ".oga": "OGG"}.get(path.suffix, path.suffix[1:].upper())
    subtype = None
    if path.suffix == ".opus":
        kind, subtype = "OGG", "OPUS"
    soundfile.write(path, samples, rate, format=kind, subtype=subtype)
    return path


def without_length_tag(path: Path) -> Path:
    """Cut off the first mp3 frame, the one with the Xing or Info tag."""
    raw = path.read_bytes()
    path.write_bytes(raw[raw.find(raw[:2], 100) :])
    return path


def damaged(path: Path, spots: int) -> Path:
    raw = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    for at in rng.integers(4000, len(raw) - 300, spots):
        raw[at : at + 200] = rng.bytes(200)
    path.write_bytes(raw)
    return path


def write_mp3(path: Path, samples: np.ndarray, *, mode: str = "CONSTANT", tagged: bool = True, rate: int = RATE) -> Path:
    """An mp3 of constant or variable bit rate ("CONSTANT", "VARIABLE"), with or without its length tag."""
    with soundfile.SoundFile(path, "w", rate, samples.shape[1], format="MP3", bitrate_mode=mode, compression_level=0.1) as file:
        file.write(samples)
    return path if tagged else without_length_tag(path)


def quiet_then_loud(seconds: float, channels: int = 1) -> np.ndarray:
    """Half of it almost silent: at a variable bit rate its first frames are much smaller than the others."""
    half = tone(seconds / 2, channels)
    return np.concatenate([1e-4 * half, half])
