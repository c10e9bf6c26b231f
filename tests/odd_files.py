"""One folder with every kind of odd file that a music library may hold, and how each must end."""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from sounds import damaged, tone, write, write_mp3

from data.world.mp3 import id3_header

SECONDS = 3.0


def encode(path: Path, codec: str, samples: np.ndarray, rate: int, layout: str, fmt: str) -> Path:
    """Encode with FFmpeg's libraries; samples float32 (n, channels), `fmt` what the codec takes."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        stream.format, stream.bit_rate = fmt, 128_000
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=fmt, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size)
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            container.mux(stream.encode(part))
    return path


def _alac(path: Path) -> None:
    encode(path, "alac", tone(SECONDS), 44100, "stereo", "s16p")


def _aac(path: Path) -> None:
    encode(path, "aac", tone(SECONDS), 44100, "stereo", "fltp")


def _adts_from_the_middle(path: Path) -> None:
    """A radio stream (AAC without a container), cut out of its middle, under the suffix that players give it."""
    raw = encode(path.with_suffix(".aac"), "aac", tone(2 * SECONDS), 44100, "stereo", "fltp").read_bytes()
    path.with_suffix(".aac").unlink()
    path.write_bytes(raw[len(raw) // 2 + 3 :])


def _wma(path: Path) -> None:
    encode(path, "wmav2", tone(SECONDS), 44100, "stereo", "fltp")


def _mp3_from_the_middle(path: Path) -> None:
    raw = write_mp3(path, tone(2 * SECONDS)).read_bytes()
    path.write_bytes(raw[len(raw) // 2 + 77 :])


def _with_cover(path: Path) -> None:
    """An APIC frame of 2 MB before the sound."""
    picture = b"\x00image/jpeg\x00\x03\x00" + b"\xff\xd8\xff" + np.random.default_rng(3).bytes(2_000_000)
    size = len(picture)
    frame = b"APIC" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0)) + b"\x00\x00" + picture
    header = bytearray(id3_header({"TPE1": "Anna", "TIT2": "With a cover"}))
    whole = len(header) - 10 + len(frame)
    header[6:10] = bytes((whole >> shift) & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(bytes(header) + frame + write_mp3(path, tone(SECONDS)).read_bytes())


def _declares_hours(path: Path) -> None:
    """A WAV header that promises three hours, with nothing behind it but a hole of the file system: silence."""
    n = 3 * 3600 * 8000 * 2
    head = b"RIFF" + struct.pack("<I", n + 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    path.write_bytes(head + b"data" + struct.pack("<I", n))
    os.truncate(path, n + 44)


def _lies_about_hours(path: Path) -> None:
    """The same header over three seconds of sound."""
    write(path, tone(SECONDS, 1, 8000), 8000)
    raw = bytearray(path.read_bytes())
    at = raw.find(b"data")
    raw[at + 4 : at + 8] = struct.pack("<I", 3 * 3600 * 8000 * 2)
    path.write_bytes(raw)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # (the path of a socket may have 108 bytes only)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def _device(path: Path) -> None:
    """A device where we may make one, else a link to one."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero: endless
    except OSError:
        path.symlink_to("/dev/zero")


def _unreadable(path: Path) -> None:
    write(path, tone(SECONDS))
    path.chmod(0)


def _surround(path: Path) -> None:
    soundfile.write(path, tone(SECONDS, 6), 44100, subtype="PCM_16")


def _antiphase(path: Path) -> None:
    mono = tone(SECONDS, 1)
    soundfile.write(path, np.concatenate([mono, -mono], axis=1), 44100)


def _high_resolution(path: Path) -> None:
    soundfile.write(path, tone(SECONDS, 2, 96000), 96000, subtype="PCM_24")


def _not_finite(path: Path) -> None:
    samples = tone(SECONDS, 1)
    samples[100:200], samples[300] = np.nan, np.inf
    soundfile.write(path, samples, 44100, subtype="FLOAT")


def _wave_in(path: Path) -> None:
    write(path.with_suffix(".wav"), tone(SECONDS)).rename(path)


GOOD = ""  # finite features, nothing in the ledger
# name -> (how it is made, code in the ledger; a code with "+" is of a song that is used all the same; "|" parts what may be)
ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "silence.wav": (lambda path: write(path, np.zeros((44100, 2), np.float32)), "silent"),
    "long silence.flac": (lambda path: soundfile.write(path, np.zeros(600 * 8000, np.float32), 8000), "silent"),
    "three hours.wav": (_declares_hours, "silent"),
    "three hours that lie.wav": (_lies_about_hours, f"truncated|damaged+|{GOOD}"),
    "empty.mp3": (lambda path: path.touch(), "empty-file"),
    "text.mp3": (lambda path: path.write_text("a shopping list\n" * 99), "not-audio"),
    "random.mp3": (lambda path: path.write_bytes(np.random.default_rng(4).bytes(50_000)), "not-audio|unreadable"),
    "random.flac": (lambda path: path.write_bytes(np.random.default_rng(5).bytes(50_000)), "not-audio"),
    "truncated.flac": (lambda path: (write(path, tone(8)), os.truncate(path, path.stat().st_size // 4)), "truncated"),
    "damaged.mp3": (lambda path: damaged(write_mp3(path, tone(8)), 6), f"damaged+|{GOOD}"),
    "damaged.flac": (lambda path: damaged(write(path, tone(8)), 2), f"damaged+|truncated|{GOOD}"),
    "blink.wav": (lambda path: write(path, tone(0.05)), "too-short"),
    "phone.wav": (lambda path: write(path, tone(SECONDS, 1, 8000), 8000), GOOD),
    "studio.wav": (_high_resolution, GOOD),
    "surround.wav": (_surround, GOOD),
    "antiphase.wav": (_antiphase, GOOD),
    "not finite.wav": (_not_finite, GOOD),
    "cover.mp3": (_with_cover, GOOD),
    "u8.wav": (lambda path: soundfile.write(path, tone(SECONDS), 44100, subtype="PCM_U8"), GOOD),
    "opus.opus": (lambda path: write(path, tone(SECONDS, 2, 48000), 48000), GOOD),
    "alac.m4a": (_alac, GOOD),
    "aac.m4a": (_aac, GOOD),
    "windows.wma": (_wma, GOOD),
    "from the middle.mp3": (_mp3_from_the_middle, f"damaged+|{GOOD}"),
    "stream from the middle.m4a": (_adts_from_the_middle, f"damaged+|{GOOD}"),
    "a wave.mp3": (_wave_in, GOOD),
    "Ünïcode 日本語 🎵.wav": (lambda path: write(path, tone(SECONDS)), GOOD),
    "new\nline.wav": (lambda path: write(path, tone(SECONDS)), GOOD),
    "quote ' and \" and $(x).wav": (lambda path: write(path, tone(SECONDS)), GOOD),
    "\x1b[31mred.wav": (lambda path: write(path, tone(SECONDS)), GOOD),
    "-rf.wav": (lambda path: write(path, tone(SECONDS)), GOOD),
    "unreadable.wav": (_unreadable, "unopenable"),
    "loop.wav": (lambda path: path.symlink_to(path.name), "unopenable"),
    "dangling.wav": (lambda path: path.symlink_to("nowhere.wav"), "unopenable"),
    "fifo.wav": (os.mkfifo, "not-a-file"),
    "socket.wav": (_socket, "not-a-file"),
    "device.wav": (_device, "not-a-file"),
}


def make_odd_folder(folder: Path) -> Path:
    """All of `ODD`, a folder that is called as a song, one that is empty, and folders that link to one another for ever."""
    folder.mkdir()
    for number, (name, (make, _code)) in enumerate(ODD.items()):
        make(folder / name)
        assert os.path.lexists(folder / name), (number, name)
    (folder / "folder.mp3").mkdir()
    (folder / "folder.mp3" / "inside.txt").write_text("no song")
    (folder / "round").mkdir()
    (folder / "round" / "and round").symlink_to(folder)
    return folder
