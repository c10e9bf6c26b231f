"""Each block against librosa, and the cyclic tempogram against clicks of known tempo."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from content import features
from content.filters import chroma_filters, contrast_bands, mel_filters
from content.spec import HyperImageSpec
from content.spectrum import BLOCK_FRAMES, n_frames, power_blocks
from content.tempogram import cyclic_tempogram, novelty

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa
    import librosa.feature
    import librosa.filters
    import librosa.onset

FULL_BAND = HyperImageSpec(contrast_f_max=11025.0)  # librosa's own definition of the last contrast band


@pytest.fixture(scope="module")
def blocks(music):
    return features.from_power(power_blocks(music, n_fft=2048, hop_length=512), FULL_BAND)


@pytest.fixture(scope="module")
def magnitude(music):
    return np.abs(librosa.stft(music))


def assert_agrees(ours, librosas):
    """Within 1e-5 of the block's maximum; ours is time-major."""
    assert ours.T.shape == librosas.shape
    assert np.abs(ours.T - librosas).max() <= 1e-5 * np.abs(librosas).max()


def test_mel_filters_are_librosas():
    np.testing.assert_allclose(
        mel_filters(22050, 2048, 128), librosa.filters.mel(sr=22050, n_fft=2048, dtype=np.float64), atol=1e-12
    )


def test_chroma_filters_are_librosas():
    theirs = librosa.filters.chroma(sr=22050, n_fft=2048, tuning=0.0, dtype=np.float64)
    np.testing.assert_allclose(chroma_filters(22050, 2048), theirs, atol=1e-12)


def test_mel_power_agrees_with_librosa(blocks, magnitude):
    assert_agrees(blocks.mel, librosa.feature.melspectrogram(S=magnitude**2, sr=22050))


def test_log_mel_agrees_with_librosa(blocks, magnitude):
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=22050)
    assert_agrees(features.log_mel(blocks.mel, 80.0), librosa.power_to_db(mel, ref=np.max))


def test_mfcc_agrees_with_librosa(blocks, magnitude):
    log_mel = librosa.power_to_db(librosa.feature.melspectrogram(S=magnitude**2, sr=22050), ref=np.max)
    assert_agrees(features.mfcc(features.log_mel(blocks.mel, 80.0), 20), librosa.feature.mfcc(S=log_mel, n_mfcc=20))


def test_chroma_agrees_with_librosa(blocks, magnitude):
    assert_agrees(blocks.chroma, librosa.feature.chroma_stft(S=magnitude**2, sr=22050, tuning=0.0))


def test_spectral_contrast_agrees_with_librosa(blocks, magnitude):
    ours = features.contrast(blocks.peak, blocks.valley, 80.0)
    assert_agrees(ours, librosa.feature.spectral_contrast(S=magnitude, sr=22050))


def test_spectral_contrast_that_stops_at_10_khz_is_librosas_of_the_bins_up_to_there(music, magnitude):
    spec = HyperImageSpec()
    blocks = features.from_power(power_blocks(music, n_fft=2048, hop_length=512), spec)
    hz = librosa.fft_frequencies(sr=22050, n_fft=2048)
    below = hz <= spec.contrast_f_max
    theirs = librosa.feature.spectral_contrast(S=magnitude[below], freq=hz[below])
    assert_agrees(features.contrast(blocks.peak, blocks.valley, 80.0), theirs)


def test_power_spectra_agree_with_librosa(music, magnitude):
    assert_agrees(np.concatenate(list(power_blocks(music, n_fft=2048, hop_length=512))), magnitude**2)


def test_novelty_agrees_with_librosas_onset_strength(blocks, magnitude):
    log_mel = librosa.power_to_db(librosa.feature.melspectrogram(S=magnitude**2, sr=22050), ref=np.max)
    theirs = librosa.onset.onset_strength(S=log_mel, center=False)
    assert_agrees(novelty(features.log_mel(blocks.mel, 80.0)), theirs)


def test_tonnetz_agrees_with_librosa(blocks, magnitude):
    chroma = librosa.feature.chroma_stft(S=magnitude**2, sr=22050, tuning=0.0)
    assert_agrees(features.tonnetz(blocks.chroma), librosa.feature.tonnetz(chroma=chroma, sr=22050))


def test_contrast_can_stop_below_the_resamplers_stop_band():
    hz_per_bin = 22050 / 2048
    *_, (first, end, _count) = contrast_bands(22050, 2048, n_bands=6, f_min=200.0, f_max=10000.0)
    assert first * hz_per_bin <= 6400
    assert (end - 1) * hz_per_bin <= 10000 < end * hz_per_bin


@pytest.mark.parametrize("n", [0, 1, 511, 512, 512 * BLOCK_FRAMES, 512 * BLOCK_FRAMES + 1])
def test_one_frame_stands_at_each_hop(n):
    power = list(power_blocks(np.zeros(n), n_fft=2048, hop_length=512))
    assert sum(map(len, power)) == n_frames(n, 512) == 1 + n // 512


def clicks(bpm, seconds=20):
    y = np.zeros(22050 * seconds)
    noise = np.random.default_rng(0).standard_normal(200)
    for start in np.arange(0, len(y) - 200, 60 / bpm * 22050).astype(int):
        y[start : start + 200] = noise
    return y


def circular(a, b, classes=60):
    distance = abs(a - b) % classes
    return min(distance, classes - distance)


def tempo_class(bpm):
    spec = HyperImageSpec()
    blocks = features.from_power(power_blocks(clicks(bpm), n_fft=2048, hop_length=512), spec)
    onsets = novelty(features.log_mel(blocks.mel, 80.0))
    return int(cyclic_tempogram(onsets, spec.frames_per_second, 60).mean(axis=0).argmax())


@pytest.mark.parametrize("bpm", [60, 120, 240, 90, 180, 80, 100, 75, 140])
def test_clicks_fall_into_the_class_of_their_tempo(bpm):
    expected = 60 * (np.log2(bpm / 60) % 1)
    assert circular(tempo_class(bpm), expected) <= 2


def test_tempi_an_octave_apart_share_a_class_and_others_do_not():
    sixty, ninety = tempo_class(60), tempo_class(90)
    assert circular(sixty, tempo_class(120)) <= 2
    assert circular(sixty, tempo_class(240)) <= 2
    assert circular(ninety, tempo_class(180)) <= 2
    assert circular(sixty, ninety) > 10


def test_silence_has_no_tempo():
    assert not cyclic_tempogram(np.zeros(100), 43.07, 60).any()
