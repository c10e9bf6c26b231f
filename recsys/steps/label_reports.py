"""The saved reports of label cross-validations: their names, and how those of one label speak of each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from data.errors import InputError
from data.files import fingerprint, read_json, write_json
from evaluation.label_differences import REFERENCE_SPLIT, flattery
from evaluation.label_folds import LabelSplit


def report_name(label: str, split: str) -> str:
    """File name of a result; a label's name may hold anything, a file's may not."""
    plain = re.fullmatch(r"[\w-]{1,64}", label, flags=re.ASCII)
    return f"labels-{label if plain else fingerprint(label)}-{split}.json"


def save(folder: Path, tables: Iterable[dict[str, Any]]) -> None:
    """Write label tables (in which "flatters" is filled in), and bring the saved tables of the same label up to date with them.

    "flatters" tells by how much the other splits flatter, as far as they were run: with the same architecture, training settings,
    songs, folds and seed. Without any, "flatters_note" says how to know.
    """
    saved: dict[str, dict[str, Any]] = {}
    for table in tables:
        saved = _saved(folder, table["label"]) | saved | {table["split"]: table}
    for split, table in saved.items():
        before = table.get("flatters"), table.get("flatters_note")
        _relate(table, saved)
        if before != (table.get("flatters"), table.get("flatters_note")):
            write_json(folder / report_name(table["label"], split), table)


def _relate(table: dict[str, Any], saved: dict[str, dict[str, Any]]) -> None:
    own, by_chance = table["split"], get_args(LabelSplit)
    alike = {
        split: other["mean"]
        for split, other in saved.items()
        if split in by_chance and all(other.get(key) == table.get(key) for key in ("architecture", "settings"))
    }
    flatters = {split: figures for split, figures in flattery(alike).items() if own in (split, REFERENCE_SPLIT)}
    table["flatters"] = flatters
    table.pop("flatters_note", None)
    if not flatters and own in by_chance:
        table["flatters_note"] = (
            "By how much a split by song or by snippet flatters, the same command with --split all will tell."
        )


def _saved(folder: Path, label: str) -> dict[str, dict[str, Any]]:
    """Split -> its saved table of this label; a damaged or older file counts as none."""
    found = {}
    for split in get_args(LabelSplit):
        path = folder / report_name(label, split)
        try:
            table = read_json(path)
        except InputError:
            continue
        if table.get("label") == label and "mean" in table and "settings" in table:
            found[split] = table
    return found
