"""Walk the frame headers of an MPEG audio file (mp3): how long it really is, without decoding anything."""

from __future__ import annotations

import mmap
from array import array
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from data.mpeg_header import LengthTag, frame_form, frame_sizes, length_tag

SEARCH_BYTES = 1 << 16  # how far behind the tags a first frame is looked for
LEAST_OF_TRUTH = 0.98  # a tag that names fewer frames than this share of those there is stale: two files were joined
AGREEING = 3  # frames in a row that make a find no accident


@dataclass(frozen=True)
class MpegStream:
    """The frames of an MPEG audio file.

    Parameters
    ----------
    offsets : int64; byte at which each frame with sound begins, one that only carries a tag does not count; and the byte behind
        the last whole one. Junk between frames belongs to the frame before it.
    header : the four bytes of the first frame's header.
    samples_per_frame, sample_rate, layer : as all headers say.
    constant : whether all frames have one bit rate.
    tag : what the first frame says of the length; None where it says nothing, or where it is wrong by far.
    """

    offsets: array[int]
    header: bytes
    samples_per_frame: int
    sample_rate: int
    layer: int
    constant: bool
    tag: LengthTag | None

    @property
    def frames(self) -> int:
        return len(self.offsets) - 1

    @property
    def samples(self) -> int:
        """Samples of a channel that a decoder gives: all, or those between what the tag says an encoder added."""
        if self.tag is None:
            return self.frames * self.samples_per_frame
        return max(0, self.tag.frames * self.samples_per_frame - self.tag.delay - self.tag.padding)

    @property
    def seconds(self) -> float:
        return self.samples / self.sample_rate


def walk(path: Path) -> MpegStream | None:
    """Count the frames of a file, about 0.3 ms for 30 s; None where it is no MPEG audio or of free format: nothing is known then.

    Tags before and after the frames (ID3, APE) and junk between them are passed over; a cut last frame does not count.

    Raises
    ------
    OSError : the file cannot be read.
    """
    state = path.stat()
    return _walk_file(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)  # several snippets of one song are often read one after the other
def _walk_file(path: Path, _size: int, _mtime_ns: int) -> MpegStream | None:
    with path.open("rb") as file:
        head = file.read(4)
        if head[:3] != b"ID3" and not (head[:1] == b"\xff" and len(head) == 4 and head[1] & 0xE0 == 0xE0):
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            return _walk(raw)


def _walk(raw: mmap.mmap) -> MpegStream | None:
    start = _first_frame(raw)
    if start is None:
        return None
    header = raw[start : start + 4]
    sizes = frame_sizes(header[1] & 0xFE, header[2] & 0x0C)
    behind = start + sizes[header[:3]]
    tag = length_tag(raw[start:behind])
    at, end, total = start if tag is None else behind, 0, len(raw)
    offsets = array("q")
    kinds: set[bytes] = set()
    while at < total:
        kind = raw[at : at + 3]
        step = sizes.get(kind)
        if step is None:
            found = _resync(raw, at, header[1], sizes)
            if found is None:
                break
            at = found
            continue
        if at + step > total:
            break
        offsets.append(at)
        kinds.add(kind)
        at = end = at + step
    if not offsets:
        return None
    if tag is not None and tag.frames < LEAST_OF_TRUTH * len(offsets):
        tag = None
    offsets.append(end)
    return MpegStream(offsets, header, *frame_form(header), len({kind[2] >> 4 for kind in kinds}) <= 1, tag)


def _first_frame(raw: mmap.mmap) -> int | None:
    """Offset of the first frame that others follow; None where there is none near the beginning."""
    at = 0
    while raw[at : at + 3] == b"ID3" and at + 10 <= len(raw):  # (some programs write two such tags)
        sizes = zip(raw[at + 6 : at + 10], (21, 14, 7, 0), strict=True)
        at += 10 + sum((byte & 0x7F) << shift for byte, shift in sizes) + (10 if raw[at + 5] & 0x10 else 0)
    if raw[at : at + 4] == b"fLaC":
        return None
    stop = min(len(raw) - 4, at + SEARCH_BYTES)
    while (at := raw.find(b"\xff", at, stop)) >= 0:
        second, third = raw[at + 1], raw[at + 2]
        sizes_here = frame_sizes(second & 0xFE, third & 0x0C)
        if _agree(raw, at, sizes_here):
            return at
        at += 1
    return None


def _resync(raw: mmap.mmap, at: int, second: int, sizes: dict[bytes, int]) -> int | None:
    """The next offset from `at` on where frames follow each other again; None where there is none."""
    while (at := raw.find(b"\xff", at)) >= 0:
        if (raw[at + 1 : at + 2] or b"\0")[0] | 1 == second | 1 and _agree(raw, at, sizes):
            return at
        at += 1
    return None


def _agree(raw: mmap.mmap, at: int, sizes: dict[bytes, int]) -> bool:
    """Whether frames of one kind follow each other from `at` on, or one does up to the end of the file or a tag there."""
    for _ in range(AGREEING):
        size = sizes.get(raw[at : at + 3])
        if size is None:
            return False
        at += size
        if at == len(raw) or raw[at : at + 3] == b"TAG" or raw[at : at + 8] == b"APETAGEX":
            return True
    return True
