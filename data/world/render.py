"""From notes to sound: a MIDI file in memory, a General MIDI sound font, and the mixing desk."""

from __future__ import annotations

import functools
import importlib.util
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from data.world.score import DRUM_CHANNEL, Part
from data.world.style import Style

SAMPLE_RATE = 44_100
_TICKS = 480  # a beat
_FADE = 0.02  # seconds at either end, so that a cut clip does not click


def render(style: Style, parts: tuple[Part, ...], seconds: float) -> NDArray[np.float32]:
    """The clip: float32 (round(seconds * 44100), 2), peak at `style.level` dB, never above full scale."""
    import midirenderer
    import soxr

    wave = midirenderer.render_wave_from(sound_font(), midi_bytes(parts, style.tempo, seconds))
    rate = int.from_bytes(wave[24:28], "little")
    sound = np.frombuffer(wave, dtype="<i2", offset=44).reshape(-1, 2)  # (samples, 2), canonical 44-byte header
    length = round(seconds * SAMPLE_RATE)
    sound = sound[: int((seconds + 0.1) * rate)].astype(np.float32) / 32768.0
    sound = np.asarray(soxr.resample(sound, rate, SAMPLE_RATE, quality="HQ"), dtype=np.float32)[:length]
    sound = np.pad(sound, ((0, length - len(sound)), (0, 0)))
    return _master(_tilt(sound, style.brightness), style)


def midi_bytes(parts: tuple[Part, ...], tempo: float, seconds: float) -> bytes:
    """A MIDI file of the parts; `tempo` in beats a minute. Notes after `seconds` are left out, the last ends a little later."""
    import mido

    end = seconds * tempo / 60.0
    events: list[tuple[int, int, mido.Message]] = []
    for part in parts:
        channel = part.channel
        setting = {7: part.volume, 10: 0.5 + 0.5 * part.pan, 91: part.room, 93: part.chorus}
        events += [
            (0, 0, mido.Message("control_change", channel=channel, control=c, value=round(127 * v))) for c, v in setting.items()
        ]
        events.append((0, 0, mido.Message("program_change", channel=channel, program=part.program)))
        for note in part.notes:
            if note.start < end:
                start = round(note.start * _TICKS)
                stop = max(start + 1, round(min(note.start + note.length, end) * _TICKS))
                sounding = {"channel": channel, "note": note.pitch}
                events.append((start, 2, mido.Message("note_on", velocity=note.velocity, **sounding)))
                events.append((stop, 1, mido.Message("note_off", velocity=0, **sounding)))
    events.append(
        (round((end + 0.2 * tempo / 60.0) * _TICKS), 1, mido.Message("note_off", channel=DRUM_CHANNEL, note=0, velocity=0))
    )
    events.sort(key=lambda event: event[:2])  # stable: notes of one tick end before others start
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo))])
    now = 0
    for tick, _, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    file = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=_TICKS, tracks=[track]).save(file=file)
    return file.getvalue()


@functools.cache
def sound_font() -> bytes:
    """TimGM6mb, the General MIDI sound font that comes with pretty_midi (found without importing it: that is slow)."""
    package = importlib.util.find_spec("pretty_midi")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("pretty_midi is not installed; its sound font plays the composed world", name="pretty_midi")
    return (Path(package.submodule_search_locations[0]) / "TimGM6mb.sf2").read_bytes()


def _tilt(sound: NDArray[np.float32], brightness: float) -> NDArray[np.float32]:
    """High shelf above about 1.6 kHz: -12 dB at brightness 0 to +12 dB at 1. Shape (n, 2)."""
    pole = np.float32(np.exp(-2.0 * np.pi * 1600.0 / SAMPLE_RATE))
    low = lfilter(np.array([1.0 - pole], np.float32), np.array([1.0, -pole], np.float32), sound, axis=0)
    gain = np.float32(10.0 ** ((-12.0 + 24.0 * brightness) / 20.0))
    return np.asarray(gain * sound + (np.float32(1.0) - gain) * low, dtype=np.float32)


def _master(sound: NDArray[np.float32], style: Style) -> NDArray[np.float32]:
    """Saturate by `style.drive`, fade the ends, and set the peak to `style.level` dB."""
    peak = np.float32(max(float(np.abs(sound).max()), 1e-6))
    push = np.float32(0.3 + 3.2 * style.drive)
    sound = np.tanh(sound * (push / peak))
    fade = min(round(_FADE * SAMPLE_RATE), len(sound) // 2)
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)[:, None]
    sound[:fade] *= ramp
    sound[len(sound) - fade :] *= ramp[::-1]
    return sound * np.float32(10.0 ** (style.level / 20.0) / float(np.abs(sound).max()))
