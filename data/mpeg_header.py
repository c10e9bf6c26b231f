"""The header of an MPEG audio frame, and the tag with which an mp3 may begin.

ISO/IEC 11172-3, section 2.4.2.3, and 13818-3 for the low sample rates; "MPEG-2.5" is their usual extension.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

DECODER_DELAY = 529  # samples that an mp3 decoder lags behind its input

_KBPS = {  # (MPEG-1, layer) -> by index 1 to 14; index 0 is "free", whose frames have no stated size
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version bits: MPEG-1, 2, 2.5


@dataclass(frozen=True)
class LengthTag:
    """What a Xing, Info or VBRI tag says: frames with sound, and samples that an encoder added in front and behind.

    `trimmed` : samples that libmpg123 takes off the beginning on that account.
    """

    frames: int
    delay: int
    padding: int
    trimmed: int


@lru_cache(maxsize=32)
def frame_sizes(second: int, third: int) -> dict[bytes, int]:
    """First three bytes of a header -> bytes of its frame, for all bit rates of a version, layer and sample rate.

    `second` is the header's second byte without the bit for a checksum, `third` the sample rate's two bits in their place; empty
    for what is no MPEG audio. One look-up then checks the sync word and that the frame is of this stream, and gives its size.
    """
    version, layer, index = second >> 3 & 3, 4 - (second >> 1 & 3), third >> 2
    if second & 0xE0 != 0xE0 or version == 1 or layer == 4 or index == 3:
        return {}
    hz = _HZ[version][index]
    slot = 4 if layer == 1 else 1
    slots = 12 if layer == 1 else 144 if layer == 2 or version == 3 else 72
    return {
        bytes((0xFF, second | crc, rate << 4 | third | padding << 1 | private)): (slots * 1000 * kbps // hz + padding) * slot
        for rate, kbps in enumerate(_KBPS[version == 3, layer], start=1)
        for crc in (0, 1)
        for padding in (0, 1)
        for private in (0, 1)
    }


def frame_form(header: bytes) -> tuple[int, int, int]:
    """Samples a frame, Hz and layer of a valid header."""
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    per_frame = 384 if layer == 1 else 1152 if layer == 2 or version == 3 else 576
    return per_frame, _HZ[version][header[2] >> 2 & 3], layer


def side_bytes(header: bytes) -> int:
    """Bytes of side information behind a layer III header; a length tag stands where they end."""
    mono = header[3] >> 6 == 3
    return (17 if mono else 32) if header[1] >> 3 & 3 == 3 else (9 if mono else 17)


def length_tag(frame: bytes) -> LengthTag | None:
    """What a frame says that is no sound but a tag with the number of frames that follow; None for any other frame."""
    if frame[36:40] == b"VBRI":
        return LengthTag(int.from_bytes(frame[50:54], "big"), 0, 0, 0)
    side = 4 + side_bytes(frame[:4])
    for at in (side, side + 2):  # (behind a checksum, or as if there were none: writers differ)
        if frame[at : at + 4] in (b"Xing", b"Info"):
            flags = frame[at + 7] if len(frame) > at + 12 else 0
            if not flags & 1:
                return None
            frames = int.from_bytes(frame[at + 8 : at + 12], "big")
            encoder = at + 12 + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
            if len(frame) < encoder + 24:
                return LengthTag(frames, 0, 0, 0)
            added = int.from_bytes(frame[encoder + 21 : encoder + 24], "big")  # LAME's extension: two times twelve bits
            return LengthTag(frames, added >> 12, added & 0xFFF, (added >> 12) + DECODER_DELAY)
    return None
