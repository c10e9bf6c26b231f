"""recsys: music recommendation from the sound of songs and the taste of listeners."""

__version__ = "0.1.0"
