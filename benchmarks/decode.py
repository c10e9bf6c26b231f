"""Decoding: whole clips against librosa.load, and snippets of a long song against the whole of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from benchmarks.clips import clips, composed_sound
from benchmarks.timing import medians, medians_over, print_ratios
from content.decode import decode
from content.spec import HyperImageSpec
from data.audio import read_audio

RATE, MINUTES, SNIPPET_S = 44100, 4, 5.0


def run(scratch: Path) -> None:
    """Both, as tables."""
    whole_clips(scratch)
    snippets(scratch)


def whole_clips(scratch: Path, *, wanted: int = 24) -> None:
    """A 30 s mp3 to mono at 22,050 Hz, as float32."""
    import librosa

    spec = HyperImageSpec()
    competitors = {
        "librosa.load(sr=22050)": lambda path: librosa.load(path, sr=22050),
        "content.decode": lambda path: decode(path, 30.0, spec),
    }
    print_ratios("mp3 of 30 s to mono, 22,050 Hz", medians_over(clips(scratch, wanted), competitors), next(iter(competitors)))


def snippets(scratch: Path, *, seconds: float = 60.0 * MINUTES, repeats: int = 3) -> None:
    """Three snippets of 5 s of a long stereo mp3, with and without a length tag, of constant and variable bit rate."""
    sound = composed_sound(seconds, RATE)
    starts = (0.25 * seconds, 0.5 * seconds, 0.75 * seconds)
    for mode in ("CONSTANT", "VARIABLE"):
        path = scratch / f"{mode}.mp3"
        with soundfile.SoundFile(path, "w", RATE, 2, format="MP3", bitrate_mode=mode, compression_level=0.4) as file:
            file.write(sound)
        raw = path.read_bytes()
        for tag in ("with a length tag", "without"):
            if tag == "without":
                path.write_bytes(raw[raw.find(raw[:2], 100) :])
            competitors = {
                "the whole song": lambda path=path: read_audio(path).samples,
                "three snippets of 5 s": lambda path=path: [
                    read_audio(path, start_s=at, seconds=SNIPPET_S).samples for at in starts
                ],
            }
            whole, parts = (run() for run in competitors.values())
            same = all(
                np.array_equal(part, whole[round(at * RATE) : round((at + SNIPPET_S) * RATE)])
                for at, part in zip(starts, parts, strict=True)
            )
            title = f"mp3 of {seconds:.0f} s, {mode.lower()} bit rate, {tag}; the same to the bit: {same}"
            print_ratios(title, medians(competitors, repeats=repeats), "the whole song")
