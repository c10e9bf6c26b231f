"""Decode with libsndfile: fast, seeks exactly; no m4a, aac or wma; gives up early on a damaged mp3 and complains aloud."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.decoded import Decoded, DecodeError, Sampled, peak
from data.mpeg import MpegStream
from data.mpeg_cut import cut, first_frame

WINDOW_S = 0.2  # length of one probed window
# Read and thrown away before a window: after a seek, the first frames of an mp3 lack what the frames before them carry over.
PREROLL = 8 * 1152


def decode(path: Path, start_s: float, seconds: float | None, stream: MpegStream | None = None) -> Decoded:
    """Decode with libsndfile; `stream` is what a walk over an mp3's frames found. Raises DecodeError."""
    if stream is not None and start_s > 0 and _is_regular(stream):
        return _decode_frames(path, start_s, seconds, stream)
    with _sound_file(path, stream) as file:
        start = min(round(start_s * file.samplerate), file.frames)
        preroll = min(start, PREROLL)
        if start:
            file.seek(start - preroll)
        wanted = -1 if seconds is None else preroll + round(seconds * file.samplerate)
        samples = file.read(wanted, dtype="float32", always_2d=True)[preroll:]
        return Decoded(samples, file.samplerate, _promise(file), file.format.lower())


def _is_regular(stream: MpegStream) -> bool:
    """Whether the walk tells which frames hold a given sample."""
    return stream.layer == 3 and (stream.tag is None or stream.tag.frames == stream.frames)


def _decode_frames(path: Path, start_s: float, seconds: float | None, stream: MpegStream) -> Decoded:
    """Decode a window of an mp3 from the frames that hold it: the same to the bit as in a decode of the whole."""
    trimmed = 0 if stream.tag is None else stream.tag.trimmed
    start = min(round(start_s * stream.sample_rate), stream.samples)
    stop = stream.samples if seconds is None else min(start + round(seconds * stream.sample_rate), stream.samples)
    first = first_frame(stream, start + trimmed)
    # One frame more than holds the last sample: half of each frame's sound comes with the next.
    last = min(stream.frames, -(-(stop + trimmed) // stream.samples_per_frame) + 1)
    skip = start + trimmed - first * stream.samples_per_frame
    with _opened_cut(path, stream, first, max(last, first + 1)) as file:
        samples = file.read(skip + stop - start, dtype="float32", always_2d=True)[skip:]
        return Decoded(samples, file.samplerate, stream.seconds, file.format.lower())


def sample(path: Path, stream: MpegStream | None = None) -> Sampled:
    """Read the header and three windows (start, middle, end) with libsndfile. Raises DecodeError."""
    with _sound_file(path, stream) as file:
        frames, rate, promised = file.frames, file.samplerate, _promise(file)
        want = min(frames, round(WINDOW_S * rate))
        sound, loudest = promised <= 1.01 * frames / rate, 0.0
        for start in (0, (frames - want) // 2, frames - want):
            file.seek(start)
            window = file.read(want, dtype="float32", always_2d=True)
            sound &= len(window) == want
            loudest = max(loudest, peak(window))
        return Sampled(promised, rate, file.channels, file.format.lower(), loudest, sound)


def _promise(file: Any) -> float:
    """Seconds that the header of an open SoundFile promises; 0 where it does not say.

    For a wav, aiff or au cut short libsndfile reports the frames that are there and notes the promise in its log.
    """
    if not 0 < file.frames < 2**40:
        return 0.0
    seconds = file.frames / file.samplerate
    note = re.search(r"^\s*(?:data|SSND|Data Size)\s*: (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    if note is None:
        return float(seconds)
    header, present = int(note[1]), int(note[2])
    # A recorder that was never told the length leaves the largest number there: that is no promise.
    return float(seconds * header / present) if present < header < 2**31 - 2**16 else float(seconds)


@contextlib.contextmanager
def _sound_file(path: Path, stream: MpegStream | None) -> Iterator[Any]:
    """The file as an open SoundFile; an mp3 without a length tag as a copy that has one."""
    if stream is not None and stream.layer == 3 and stream.tag is None:
        with _opened_cut(path, stream, 0, stream.frames) as file:
            yield file
        return
    with _opened(os.fspath(path)) as file:
        yield file


@contextlib.contextmanager
def _opened_cut(path: Path, stream: MpegStream, first: int, stop: int) -> Iterator[Any]:
    with cut(path, stream, first, stop) as copy, _opened(copy.fileno(), closefd=False) as file:
        yield file


@contextlib.contextmanager
def _opened(place: str | int, *, closefd: bool = True) -> Iterator[Any]:
    import soundfile

    try:
        with _silent_stderr(), soundfile.SoundFile(place, closefd=closefd) as file:
            yield file
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError, MemoryError) as error:
        # (The last two: a damaged header promises less than nothing or more than any memory.)
        raise DecodeError(str(error)) from None


_stderr_lock = threading.Lock()
_stderr_users = 0
_stderr_saved = -1


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Point file descriptor 2 at nothing for a while: libmpg123, inside libsndfile, writes its complaints there.

    It has no switch for that. A program that draws on its standard error meanwhile should draw through a duplicate of the
    descriptor.
    """
    global _stderr_users, _stderr_saved  # noqa: PLW0603 (one descriptor a process, shared by its threads)
    with _stderr_lock:
        if _stderr_users == 0:
            try:
                _stderr_saved = os.dup(2)
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 2)
                os.close(null)
            except OSError:  # a process without a standard error has nothing to protect
                _stderr_saved = -1
        _stderr_users += 1
    try:
        yield
    finally:
        with _stderr_lock:
            _stderr_users -= 1
            if _stderr_users == 0 and _stderr_saved >= 0:
                os.dup2(_stderr_saved, 2)
                os.close(_stderr_saved)
                _stderr_saved = -1
