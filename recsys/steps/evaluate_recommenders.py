"""Compare recommenders on warm and on cold-start splits, with encoders that have not heard the labels of cold songs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from collab.engine import fit
from content.notation import parse
from content.spec import HyperImageSpec
from content.training_config import TrainingConfig
from data.catalogue import Catalogue
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.files import read_json, write_json
from data.ids import IdMap
from data.recommender import Recommender
from data.splits import Split, cold_split, warm_split, write_split
from evaluation.compare import compare
from recsys.report import SILENT, Report
from recsys.steps.fold_rows import deal, song_folds
from recsys.steps.folds import fold_networks
from recsys.steps.images import songs_with_images
from recsys.steps.in_use import check_encoder, imported_alone, not_known, with_imported
from recsys.steps.inputs import Interactions, read_embeddings_if_any, read_interactions
from recsys.steps.machine import workers_or_all
from recsys.steps.reporting import write_report
from recsys.workspace import Workspace, open_workspace

LISTENS_ONLY = ("random", "popularity", "item-knn", "lightfm-cf", "als-cf")
WITH_CONTENT = ("content", "als", "lightfm")
REFERENCE = "lightfm"
# What of a trained encoder's configuration its fold networks share; the rest follows from the data and this machine.
TRAINED_WITH = tuple(
    field.name for field in dataclasses.fields(TrainingConfig) if field.name not in ("seed", "device", "threads")
)


def evaluate_recommenders(
    root: Path,
    *,
    k: int = 10,
    folds: int = 5,
    seeds: int = 3,
    device: str = "auto",
    seed: int = 0,
    workers: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Fit every engine without the held-out listens and rank all candidates.

    Splits: "warm" hides a fifth of each user's artists, once per seed; "cold" hides whole artists, one fold after the other,
    each with an encoder that was trained without the labels of that fold. "-shuffled" models get the embeddings of other songs:
    what they gain over chance, content has not earned.

    Returns
    -------
    {"rows": [{"model", "split", "slice", "metric", "k", "value", "low", "high", "n_users", "n_candidates"}], "counts": {...},
    "differences", "train_seconds", "notes", "report" (path), "summary"}; also written to reports/recommenders.json.

    Raises
    ------
    InputError : no workspace, songs or listens; too few artists for the folds.
    """
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        interactions = read_interactions(workspace, catalogue)
        notes: list[str] = []
        splits = _splits(workspace, interactions, folds, seeds, seed, notes)  # first: too few listens show before any training
        warm = read_embeddings_if_any(workspace)
        cold = _content_of_folds(workspace, catalogue, warm, folds, seed, device=device, workers=workers, report=report)
        notes.insert(0, cold.note)
        engines = _engines(warm, cold.embeddings)
        with report.task("models") as progress:
            comparison = compare(
                splits,
                engines,
                k=(k,),
                seeds=(seed,),
                reference=REFERENCE if REFERENCE in engines else "lightfm-cf",
                workers=workers_or_all(workers),
                progress=progress,
            )
        result = comparison.as_dict()
        result["notes"] = [*notes, *result["notes"]]
        result["counts"]["import"] = interactions.counts
        write_json(workspace.reports / "recommenders.json", result)
        result["report"] = str(write_report(workspace))
    result["summary"] = f"Report: {result['report']}"
    return result


class _FoldContent(NamedTuple):
    """Embeddings by the network of each fold, and a note on them; empty without an encoder."""

    embeddings: dict[int, SongEmbeddings]
    note: str


def _content_of_folds(
    workspace: Workspace,
    catalogue: Catalogue,
    warm: SongEmbeddings | None,
    folds: int,
    seed: int,
    *,
    device: str,
    workers: int,
    report: Report,
) -> _FoldContent:
    """Imported vectors where they are in use; beside them, or without any, what `_fold_content` gives."""
    if warm is not None and imported_alone(warm):
        return _FoldContent(dict.fromkeys(range(folds), warm), not_known(warm.imported))
    about = workspace.encoder / "model.json"
    if warm is not None and about.exists():
        check_encoder(warm, str(read_json(about)["fingerprint"]))
    cold = _fold_content(workspace, catalogue, folds, seed, device=device, workers=workers, report=report)
    if warm is None or not warm.imported:
        return cold
    note = f"{not_known(warm.imported)} Our half: {cold.note}"
    return _FoldContent(with_imported(workspace, catalogue, warm, cold.embeddings), note)


def _fold_content(
    workspace: Workspace, catalogue: Catalogue, folds: int, seed: int, *, device: str, workers: int, report: Report
) -> _FoldContent:
    """Train, or read, networks like the workspace's encoder, each without the labels of one fold of artists."""
    if not (workspace.encoder / "model.json").exists():
        report.say("no encoder: comparing engines of listens only; run `recsys train-content` for the others")
        return _FoldContent({}, "No encoder was trained: engines that use content are left out.")
    about = read_json(workspace.encoder / "model.json")
    label, spec = about["label"], HyperImageSpec.from_dict(about["spec"])
    songs = songs_with_images(workspace, catalogue, spec, workers=workers, report=report)
    # An encoder of an earlier version names fewer: the defaults are what it was trained with.
    trained_with = {name: about["config"][name] for name in TRAINED_WITH if name in about["config"]}
    config = TrainingConfig(**trained_with, seed=seed, device=device, threads=1)
    architecture = parse(about["architecture"])
    rows = deal(songs, catalogue.tracks(), label, "artist", folds, seed, config)
    networks = fold_networks(
        workspace,
        songs,
        rows,
        label,
        seed,
        architecture,
        config,
        control=False,
        also=[head["label"] for head in about.get("also", [])],
        workers=workers,
        report=report,
    )
    ids = IdMap(tuple(track.track_id for track in songs.tracks), "track")
    embeddings = {
        result.fold: SongEmbeddings(ids, result.vectors, f"fold-{result.fold}")
        for result in networks.results
        if result.vectors is not None
    }
    note = f"Cold-start folds: the encoder of each fold was trained on {label} without the labels of that fold's artists."
    return _FoldContent(embeddings, note)


def _splits(
    workspace: Workspace,
    interactions: Interactions,
    folds: int,
    seeds: int,
    seed: int,
    notes: list[str],
) -> list[Split]:
    """Warm splits with different seeds and one cold split a fold of artists, saved as files."""
    listens, tracks = interactions.listens, interactions.tracks
    about = workspace.encoder / "model.json"
    label = str(read_json(about)["label"]) if about.exists() else ""  # folds of artists as the networks have them
    fold_of_song = song_folds(tracks, label, "artist", folds, seed)
    fold_of = np.array([fold_of_song[track.track_id] for track in tracks], np.int32)
    artists = [track.artist for track in tracks]
    splits = [warm_split(listens, artists, seed=seed + n) for n in range(seeds)]
    splits += [cold_split(listens, fold_of, fold, seed=seed) for fold in range(folds)]
    empty = [split for split in splits if not len(split.test)]
    if len(empty) == len(splits):
        raise InputError("there are too few listens to hold any out", code="too-few-listens")
    if empty:
        notes.append(f"{len(empty)} of {len(splits)} splits hold out no listen and are left out.")
    for split in splits:
        part = f"fold-{split.fold}" if split.fold >= 0 else f"seed-{split.seed}"
        write_split(workspace.splits / f"{split.name}-{part}", split)
    return [split for split in splits if len(split.test)]


def _engines(
    warm_content: SongEmbeddings | None, cold_content: dict[int, SongEmbeddings]
) -> dict[str, Callable[[Split, int], Recommender]]:
    """Each model as `compare` wants it; content is that of the encoder that has not heard the split's cold songs."""

    def content_of(split: Split) -> SongEmbeddings | None:
        return warm_content if split.fold < 0 else cold_content.get(split.fold)

    def listens_only(name: str) -> Callable[[Split, int], Recommender]:
        return lambda split, seed: fit(name, split.train, None, None, seed + split.seed)

    def with_content(name: str) -> Callable[[Split, int], Recommender]:
        return lambda split, seed: fit(name, split.train, content_of(split), None, seed + split.seed)

    def with_shuffled(name: str) -> Callable[[Split, int], Recommender]:
        return lambda split, seed: fit(name, split.train, shuffled_embeddings(content_of(split), seed), None, seed + split.seed)

    engines = {name: listens_only(name) for name in LISTENS_ONLY}
    if warm_content is not None and cold_content:
        engines |= {name: with_content(name) for name in WITH_CONTENT}
        engines |= {f"{name}-shuffled": with_shuffled(name) for name in WITH_CONTENT}
    return engines


def shuffled_embeddings(content: SongEmbeddings | None, seed: int) -> SongEmbeddings | None:
    """The control: every song gets the vector of another one, drawn at random."""
    if content is None:
        return None
    n = len(content.tracks)
    cycle = np.random.default_rng(seed).permutation(n)  # each song takes the vector of the next one in a random round
    order = np.empty(n, np.int64)
    order[cycle] = np.roll(cycle, -1)
    return SongEmbeddings(content.tracks, content.vectors[order], f"{content.fingerprint}-shuffled", blocks=content.blocks)
