"""Splits of listens and of songs: disjoint by construction, by artist where artists are known, saved as files."""

from data.splits.by_song import cold_split, warm_split
from data.splits.by_time import temporal_split
from data.splits.by_user import cold_user_split
from data.splits.folds import group_folds
from data.splits.saved import read_split, write_split
from data.splits.split import Split

__all__ = [
    "Split",
    "cold_split",
    "cold_user_split",
    "group_folds",
    "read_split",
    "temporal_split",
    "warm_split",
    "write_split",
]
