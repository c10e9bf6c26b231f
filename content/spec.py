"""The parameters of a hyper-image, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from data.errors import InputError
from data.files import fingerprint

DEFINITION = 1  # raised whenever the same spec would give other values, so that old images are never mixed with new ones


@dataclass(frozen=True)
class HyperImageSpec:
    """Everything that decides the values of a hyper-image; one home for each parameter.

    Parameters
    ----------
    sample_rate : Hz. All songs are brought to it, whatever their file has.
    n_fft, hop_length : samples.
    n_chroma, n_tempo, n_mels, n_mfcc : rows of these blocks; spectral contrast has contrast_bands + 1, tonnetz 6.
    contrast_bands, contrast_f_min, contrast_f_max : octave bands above f_min (Hz). The last band ends at f_max, not at half the
        sample rate: up there lies the stop band of resamplers and codecs, and the row would measure those.
    top_db : dynamic range kept below the loudest point of a song.
    excerpt_seconds : of a longer song only this much around its middle is analysed.
    """

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_length: int = 512
    n_chroma: int = 12
    n_tempo: int = 60
    n_mels: int = 128
    n_mfcc: int = 20
    contrast_bands: int = 6
    contrast_f_min: float = 200.0
    contrast_f_max: float = 10000.0
    top_db: float = 80.0
    excerpt_seconds: float = 60.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise InputError(f"{field.name}={value} must be positive")
        if self.n_chroma != 12:
            raise InputError(f"n_chroma={self.n_chroma} must be 12: tonnetz is defined on twelve pitch classes")
        if self.contrast_f_max > self.sample_rate / 2:
            raise InputError(f"contrast_f_max={self.contrast_f_max} must be at most half of sample_rate={self.sample_rate}")

    @cached_property
    def rows(self) -> dict[str, slice]:
        """Block name -> its rows, top to bottom."""
        heights = {
            "chroma": self.n_chroma,
            "tempogram": self.n_tempo,
            "mel": self.n_mels,
            "mfcc": self.n_mfcc,
            "contrast": self.contrast_bands + 1,
            "tonnetz": 6,
        }
        rows, first = {}, 0
        for name, height in heights.items():
            rows[name] = slice(first, first + height)
            first += height
        return rows

    @property
    def n_rows(self) -> int:
        """Height of the image; 233 by default."""
        return int(self.rows["tonnetz"].stop)

    @property
    def frames_per_second(self) -> float:
        """Columns per second; 43.07 by default."""
        return self.sample_rate / self.hop_length

    def as_dict(self) -> dict[str, Any]:
        """The parameters as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> HyperImageSpec:
        """The inverse of `as_dict`. Raises InputError for a parameter that does not exist."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise InputError(f"hyper-image spec: unknown parameter {sorted(unknown)[0]!r}")
        return cls(**values)

    def fingerprint(self) -> str:
        """Names the definition and all parameters; images of different fingerprints are never mixed."""
        return fingerprint("hyper-image", DEFINITION, self.as_dict())
