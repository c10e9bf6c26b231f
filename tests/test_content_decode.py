"""From a file to the analysed signal: loudness, rate, excerpt, and files that hold nothing."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile as sf

from content.decode import decode, resample, to_mono
from content.spec import HyperImageSpec
from data.errors import InputError

SPEC = HyperImageSpec(excerpt_seconds=4.0)


def tone(seconds, rate, hz=440.0, level=0.5):
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def rms(y):
    return float(np.sqrt(np.mean(np.square(y, dtype=np.float64))))


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 96000])
def test_loudness_depends_neither_on_channels_nor_on_rate(tmp_path, channels, rate):
    path = tmp_path / "tone.wav"
    sf.write(path, np.repeat(tone(2, rate)[:, None], channels, axis=1), rate)
    y = decode(path, 2.0, SPEC)
    assert len(y) == pytest.approx(2 * 22050, abs=2)
    assert rms(y) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_mp3_of_mono_and_of_stereo_are_equally_loud(tmp_path):
    y = tone(2, 44100)
    levels = []
    for name, samples in (("mono", y), ("stereo", np.stack([y, y], axis=1))):
        sf.write(tmp_path / f"{name}.mp3", samples, 44100, format="MP3")
        levels.append(rms(decode(tmp_path / f"{name}.mp3", 2.0, SPEC)[5000:-5000]))
    assert levels[0] == pytest.approx(levels[1], rel=0.01)


def test_channels_in_antiphase_do_not_vanish():
    y = tone(1, 8000)
    np.testing.assert_array_equal(to_mono(np.stack([y, -y], axis=1)), y)


def test_half_antiphase_is_a_plain_mean():
    y = tone(1, 8000)
    np.testing.assert_allclose(to_mono(np.stack([y, 0.5 * y], axis=1)), 0.75 * y, rtol=1e-6)


def test_of_a_long_song_the_middle_is_read(tmp_path):
    rate = 22050
    y = np.concatenate([tone(4, rate, 200.0), tone(4, rate, 1000.0), tone(4, rate, 200.0)])
    sf.write(tmp_path / "long.wav", y, rate, subtype="FLOAT")
    np.testing.assert_array_equal(decode(tmp_path / "long.wav", 12.0, SPEC), y[4 * rate : 8 * rate])


def test_the_excerpt_of_an_mp3_is_the_same_as_cutting_the_whole(tmp_path):
    rate = 44100
    y = np.concatenate([tone(4, rate, 200.0), tone(4, rate, 1000.0), tone(4, rate, 200.0)])
    sf.write(tmp_path / "long.mp3", y, rate, format="MP3")
    whole, _ = sf.read(tmp_path / "long.mp3", dtype="float32")
    expected = resample(whole[4 * rate : 8 * rate], rate, 22050)
    np.testing.assert_allclose(decode(tmp_path / "long.mp3", 12.0, SPEC), expected, atol=1e-6)


def test_silence_is_named(tmp_path):
    sf.write(tmp_path / "silence.wav", np.zeros(44100, np.float32), 22050)
    with pytest.raises(InputError, match=r"silence\.wav") as caught:
        decode(tmp_path / "silence.wav", 2.0, SPEC)
    assert caught.value.code == "silent"


def test_a_blink_of_sound_is_too_short(tmp_path):
    sf.write(tmp_path / "blink.wav", tone(0.05, 22050), 22050)
    with pytest.raises(InputError) as caught:
        decode(tmp_path / "blink.wav", 0.05, SPEC)
    assert caught.value.code == "too-short"
