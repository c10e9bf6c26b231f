"""MP3 files: 44.1 kHz, stereo, 128 kb/s at a constant rate, with an ID3 header of our own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BIT_RATE = 128_000


def encode_mp3(sound: NDArray[np.float32], sample_rate: int) -> bytes:
    """MPEG-1 layer III frames at 128 kb/s; `sound` float32 (n, 2) in [-1, 1]. LAME's fast setting, left and right apart."""
    import lameenc  # three times as fast as LAME through FFmpeg, whose wrapper cannot be told to skip the same work

    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_bit_rate(BIT_RATE // 1000)
    encoder.set_in_sample_rate(sample_rate)
    encoder.set_channels(2)
    encoder.set_quality(7)
    samples = np.round(sound * 32767.0).astype(np.int16)
    return bytes(encoder.encode(samples.tobytes()) + encoder.flush())


def id3_header(tags: dict[str, str]) -> bytes:
    """An ID3v2.4 header (id3.org, "ID3 tag version 2.4.0 - Main Structure", section 3) with UTF-8 text frames.

    `tags` : four-letter frame name -> text, e.g. {"TPE1": artist}; "COMM" is written as an English comment.
    """
    frames = b"".join(_frame(name, text) for name, text in tags.items())
    return b"ID3\x04\x00\x00" + _syncsafe(len(frames)) + frames


def _frame(name: str, text: str) -> bytes:
    body = b"\x03" + (b"eng\x00" if name == "COMM" else b"") + text.encode()
    return name.encode("ascii") + _syncsafe(len(body)) + b"\x00\x00" + body


def _syncsafe(size: int) -> bytes:
    """Four bytes of seven bits each, high bit first."""
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
