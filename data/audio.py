"""Read a song's sound, or only look whether it has one, whatever the file: clear reasons instead of decoder noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data import ffmpeg, libsndfile, mpeg
from data.decoded import SILENCE_PEAK, Decoded, DecodeError, Sampled, peak
from data.errors import InputError

SHORTEST_S = 0.5
COMPLETE = 0.99  # share of the promised length from which a file counts as whole
SLACK_S = 0.1  # decoders differ by a few frames at both ends, which is more than 1 % of a very short file
USABLE = 0.5  # share of the promised length below which a file counts as truncated

# First bytes (offset, bytes) of the usual audio files: such a file that no decoder opens is a damaged song, not a stranger.
_MAGIC = (
    (0, b"RIFF"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"ID3"),
    (4, b"ftyp"),
    (0, b"FORM"),
    (0, b".snd"),
    (0, b"\x30\x26\xb2\x75"),
)


@dataclass(frozen=True)
class Audio:
    """The sound of a file or of a window of it.

    Parameters
    ----------
    samples : float32 (n, channels), full scale is 1, finite; channels as in the file.
    sample_rate : Hz.
    declared_seconds : length of the whole file by its header (by what was read where the header does not say).
    shortfall_s : seconds that the header promises within the window and that could not be decoded; 0 for a healthy file.
    peak : largest magnitude of the samples.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    declared_seconds: float
    shortfall_s: float
    peak: float


@dataclass(frozen=True)
class Probe:
    """What a file is, without its samples: length by its header (s), Hz, channels, format, and missing seconds (0 if healthy)."""

    duration_s: float
    sample_rate: int
    channels: int
    format: str
    shortfall_s: float


def read_audio(path: Path, *, start_s: float = 0.0, seconds: float | None = None) -> Audio:
    """Decode a file, or `seconds` of it from `start_s`, at its own sample rate and with its own channels.

    libsndfile reads first, FFmpeg's libraries where it fails or reads less than 99 % of what the header promises, or for an mp3
    what a walk over its frames finds; the longer result is kept.

    Raises
    ------
    InputError : code "missing", "unopenable", "empty-file", "not-audio", "no-audio-stream" or "unreadable"; and, when the
        whole file is asked for, "too-short" (< 0.5 s) or "silent" (peak < 1e-4).
    """
    if start_s < 0 or (seconds is not None and seconds <= 0):
        raise InputError(f"start_s={start_s} must be >= 0 and seconds={seconds} > 0")
    magic = _looks_like_audio(path)
    best, promised = _decode(path, start_s, seconds, magic)
    samples = best.samples
    loudest = peak(samples)
    if not np.isfinite(loudest):
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        loudest = peak(samples)
    if start_s == 0 and seconds is None:
        if best.seconds < SHORTEST_S and promised < SHORTEST_S:
            raise InputError(
                f"{path} holds only {best.seconds:.2f} s of sound, at least {SHORTEST_S} s are needed",
                code="too-short",
                hint="Nothing to mend if it is meant to be so short; move it away or name it in .recsysignore",
            )
        if loudest < SILENCE_PEAK:
            raise InputError(f"{path} is silent from beginning to end", code="silent", hint="There is nothing to learn from it")
    declared = promised or start_s + best.seconds
    return Audio(samples, best.sample_rate, declared, _shortfall(best.seconds, _wanted(promised, start_s, seconds)), loudest)


def probe(path: Path) -> Probe:
    """Look at the header and at three short windows; decode the whole file only where these raise a doubt.

    Raises
    ------
    InputError : as `read_audio`, or code "truncated": less than half of the promised length can be decoded.
    """
    magic = _looks_like_audio(path)
    look: Sampled | None = None
    try:
        look = libsndfile.sample(path, _walk(path)) if magic else ffmpeg.sample(path)
    except DecodeError:
        try:
            look = ffmpeg.sample(path)
        except DecodeError:
            look = None
    if look is not None and look.sound and look.peak >= SILENCE_PEAK and look.promised_s >= SHORTEST_S:
        return Probe(look.promised_s, look.sample_rate, look.channels, look.format, 0.0)
    audio = read_audio(path)
    decoded = len(audio.samples) / audio.sample_rate
    if decoded < USABLE * audio.declared_seconds:
        raise InputError(
            f"{path} is truncated or damaged: {decoded:.1f} s of {audio.declared_seconds:.1f} s can be decoded",
            code="truncated",
            hint="Copy or download the file again",
        )
    name = look.format if look is not None else path.suffix.lstrip(".").lower()
    return Probe(audio.declared_seconds, audio.sample_rate, audio.samples.shape[1], name, audio.shortfall_s)


def _decode(path: Path, start_s: float, seconds: float | None, magic: bool) -> tuple[Decoded, float]:
    """The longer of what the decoders give, and the length in seconds that the file promises."""
    stream = _walk(path)
    best: Decoded | None = None
    promised = stream.seconds if stream is not None and stream.tag is None else 0.0
    reason = ""
    for decode in (partial(libsndfile.decode, stream=stream), ffmpeg.decode):
        try:
            got = decode(path, start_s, seconds)
        except DecodeError as error:
            reason = str(error) or reason
            continue
        promised = max(promised, got.promised_s)
        if best is None or got.seconds > best.seconds:
            best = got
        if _shortfall(best.seconds, _wanted(promised, start_s, seconds)) == 0 and promised > 0:
            break
    if best is not None and (len(best.samples) or start_s > 0):
        return best, promised
    if not magic:
        raise InputError(
            f"{path} is no audio file that can be decoded", code="not-audio", hint="Remove it or give it its right name"
        )
    raise InputError(
        f"{path} cannot be decoded: {reason or 'no sound in it'}", code="unreadable", hint="Copy or download the file again"
    )


def _walk(path: Path) -> mpeg.MpegStream | None:
    """What a walk over an mp3's frames finds; None for other files."""
    try:
        return mpeg.walk(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", code="unopenable") from None


def _wanted(promised: float, start_s: float, seconds: float | None) -> float:
    rest = max(0.0, promised - start_s)
    return rest if seconds is None else min(seconds, rest)


def _shortfall(decoded: float, wanted: float) -> float:
    """Missing seconds; 0 within the tolerance."""
    missing = wanted - decoded
    return missing if missing > max(SLACK_S, (1 - COMPLETE) * wanted) else 0.0


def _looks_like_audio(path: Path) -> bool:
    """Whether the first bytes are those of a known audio format. Raises InputError if the file cannot be opened or is empty."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", code="missing") from None
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}", code="unopenable") from None
    if not head:
        raise InputError(f"{path} is empty (0 bytes)", code="empty-file", hint="Copy or download the file again")
    mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return mpeg or any(head[at : at + len(magic)] == magic for at, magic in _MAGIC)
