"""Frames of an mp3 as a file in memory that libmpg123 reads to the sample: no guessed length, no seeking.

libmpg123 takes the length of an mp3 without a tag from the size of its first frames, reads no further than that and cannot seek
beyond; and after a seek the last bits of its samples depend on how many frames it could not decode on the way.
"""

from __future__ import annotations

import os
import struct
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

from data.mpeg import MpegStream
from data.mpeg_header import DECODER_DELAY, frame_sizes, side_bytes

RESERVOIR = 511  # bytes that a frame may take from the frames before it
SETTLE = 4  # frames after which nothing is left of what was before them
# libmpg123's filter bank sums in an order that comes back after 4 or 8 frames; what begins at such a one is exact to the bit.
PERIOD = 8
SILENCE = 4608  # samples of silent frames in front: whole periods, and no more than a tag's twelve bits can say


def first_frame(stream: MpegStream, sample: int) -> int:
    """The frame at which to cut, so that from `sample` (of the frames) on all is as in a decode of the whole."""
    frame = sample // stream.samples_per_frame - SETTLE
    lent = 0
    while frame > 0 and lent < RESERVOIR:
        frame -= 1
        lent += _main_bytes(stream, frame)
    return max(0, frame) // PERIOD * PERIOD


def cut(path: Path, stream: MpegStream, first: int, stop: int) -> BinaryIO:
    """Frames first to stop - 1 of a layer III file, open for reading; elsewhere than on Linux in an unnamed file on disk.

    A decoder gives exactly these frames' samples, as others stand before them. The first is a Xing tag with their number; it is
    not played. Behind such a tag libmpg123 takes off its own delay of 529 samples and what the tag names besides: both together
    are the silent frames that follow.

    Where `first` is not 0, the first frames are silenced: they take bytes from frames that are left out and could not be decoded,
    which would change the order of sums later on. They still lend their own bytes to those that follow.
    """
    begin, left = stream.offsets[first], stream.offsets[stop] - stream.offsets[first]
    copy: BinaryIO = os.fdopen(os.memfd_create("mp3"), "w+b") if sys.platform == "linux" else tempfile.TemporaryFile()  # noqa: SIM115
    preface = _preface(stream, stop - first)
    copy.write(preface)
    with path.open("rb") as file:
        file.seek(begin)
        while left > 0 and (piece := file.read(min(left, 1 << 20))):
            left -= copy.write(piece)
        lent, frame = 0, first
        while first > 0 and lent < RESERVOIR and frame < stop:
            file.seek(stream.offsets[frame])
            copy.seek(len(preface) + stream.offsets[frame] - begin)
            copy.write(_silenced(file.read(4), lent))
            lent += _main_bytes(stream, frame)
            frame += 1
    copy.seek(0)
    return copy


def _silenced(header: bytes, lent: int) -> bytes:
    """Header and side information of a frame of which nothing is played and which passes on the `lent` bytes before it."""
    side = side_bytes(header)
    # "main_data_begin", 9 bits in MPEG-1, else 8: a decoder keeps no more of earlier frames than a frame asks for.
    begin = (min(lent, 511) << 7).to_bytes(2, "big") if header[1] & 0x08 else bytes((min(lent, 255), 0))
    return bytes((header[0], header[1] | 1, header[2], header[3])) + begin.ljust(side, b"\0")


def _main_bytes(stream: MpegStream, frame: int) -> int:
    """Bytes of a frame that hold sound, at least."""
    return max(0, stream.offsets[frame + 1] - stream.offsets[frame] - 6 - side_bytes(stream.header))


def _preface(stream: MpegStream, frames: int) -> bytes:
    silent = SILENCE // stream.samples_per_frame
    tag = struct.pack(">4sII", b"Xing", 1, frames + silent) + b"LAME3.100" + bytes(12)
    tag += ((SILENCE - DECODER_DELAY) << 12).to_bytes(3, "big")
    header, size = _frame_start(stream, 128)
    xing = (header + bytes(side_bytes(header)) + tag).ljust(size, b"\0")
    header, size = _frame_start(stream, 4 + side_bytes(stream.header))
    return xing + silent * header.ljust(size, b"\0")


def _frame_start(stream: MpegStream, least: int) -> tuple[bytes, int]:
    """Header of a frame of this kind without checksum, and its size: the smallest of at least `least` bytes, or the largest."""
    sizes = {kind: size for kind, size in frame_sizes(stream.header[1] & 0xFE, stream.header[2] & 0x0C).items() if kind[1] & 1}
    kind = min(sizes, key=lambda kind: (sizes[kind] < least, abs(sizes[kind] - least)))
    return kind + stream.header[3:4], sizes[kind]
