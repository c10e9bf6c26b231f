"""The feature blocks through librosa, in three ways; and ours with librosa's tempogram, so that both give the same arrays."""

from __future__ import annotations

import librosa
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from content import features
from content.spec import HyperImageSpec
from content.spectrum import power_blocks
from content.tempogram import novelty

Array = NDArray[np.floating]
Blocks = dict[str, Array]  # name -> (rows, frames)
LAGS = 384  # librosa's win_length

SAME = HyperImageSpec(contrast_f_max=11025.0)  # librosa's contrast runs to half the sample rate


def librosa_same(y: Array) -> Blocks:
    """Our definitions, each by the librosa function for it: chroma without tuning, tonnetz from it, MFCC from mel in dB."""
    chroma = librosa.feature.chroma_stft(y=y, sr=22050, tuning=0.0)
    mel = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=22050), ref=np.max)
    return {
        "chroma": chroma,
        "tempogram": librosa.feature.tempogram(
            onset_envelope=librosa.onset.onset_strength(y=y, sr=22050, center=False), sr=22050
        ),
        "mel": mel,
        "mfcc": librosa.feature.mfcc(S=mel, n_mfcc=20),
        "contrast": librosa.feature.spectral_contrast(y=y, sr=22050),
        "tonnetz": librosa.feature.tonnetz(chroma=chroma, sr=22050),
    }


def librosa_shared(y: Array) -> Blocks:
    """The same, with one STFT for all: librosa as an expert would call it."""
    magnitude = np.abs(librosa.stft(y))
    chroma = librosa.feature.chroma_stft(S=magnitude**2, sr=22050, tuning=0.0)
    mel = librosa.power_to_db(librosa.feature.melspectrogram(S=magnitude**2, sr=22050), ref=np.max)
    return {
        "chroma": chroma,
        "tempogram": librosa.feature.tempogram(onset_envelope=librosa.onset.onset_strength(S=mel, center=False), sr=22050),
        "mel": mel,
        "mfcc": librosa.feature.mfcc(S=mel, n_mfcc=20),
        "contrast": librosa.feature.spectral_contrast(S=magnitude, sr=22050),
        "tonnetz": librosa.feature.tonnetz(chroma=chroma, sr=22050),
    }


def librosa_defaults(y: Array) -> Blocks:
    """librosa's own defaults: tuning estimated, tonnetz from a constant-Q chroma, each function from the signal."""
    return {
        "chroma": librosa.feature.chroma_stft(y=y, sr=22050),
        "tempogram": librosa.feature.tempogram(y=y, sr=22050),
        "mel": librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=22050), ref=np.max),
        "mfcc": librosa.feature.mfcc(y=y, sr=22050, n_mfcc=20),
        "contrast": librosa.feature.spectral_contrast(y=y, sr=22050),
        "tonnetz": librosa.feature.tonnetz(y=y, sr=22050),
    }


def ours_same(y: Array) -> Blocks:
    """Our code with librosa's last contrast band and its tempogram of 384 lags in place of the cyclic one."""
    raw = features.from_power(power_blocks(y, n_fft=2048, hop_length=512), SAME)
    log_mel = features.log_mel(raw.mel, 80.0)
    blocks = {
        "chroma": raw.chroma,
        "tempogram": _tempogram(novelty(log_mel)),
        "mel": log_mel,
        "mfcc": features.mfcc(log_mel, 20),
        "contrast": features.contrast(raw.peak, raw.valley, 80.0),
        "tonnetz": features.tonnetz(raw.chroma),
    }
    return {name: block.T for name, block in blocks.items()}


def _tempogram(onsets: Array, block: int = 64) -> Array:
    """librosa's autocorrelation tempogram, (frames, 384): largest value of a frame = 1."""
    padded = np.pad(onsets, LAGS // 2, mode="linear_ramp", end_values=0)
    frames = np.lib.stride_tricks.sliding_window_view(padded, LAGS)[: len(onsets)]
    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(LAGS) / LAGS)).astype(onsets.dtype)
    tempogram = np.empty(frames.shape, onsets.dtype)
    for start in range(0, len(frames), block):
        spectrum = scipy.fft.rfft(frames[start : start + block] * window, 2 * LAGS, axis=1)
        power = np.square(spectrum.real)
        power += np.square(spectrum.imag)
        correlation = scipy.fft.irfft(power, 2 * LAGS, axis=1)[:, :LAGS]
        peak = correlation[:, :1]  # no lag is larger than lag 0
        np.divide(correlation, np.where(peak > np.finfo(peak.dtype).tiny, peak, 1), out=tempogram[start : start + block])
    return tempogram


def deviations(ours: Blocks, theirs: Blocks) -> dict[str, float]:
    """Largest difference of each block, as a share of its largest value."""
    return {name: float(np.abs(ours[name] - theirs[name]).max() / np.abs(theirs[name]).max()) for name in theirs}
