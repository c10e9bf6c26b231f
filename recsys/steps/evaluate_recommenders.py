"""Compare recommenders on splits by song, time, artist and listener; encoders have not heard the labels of cold songs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from collab.engine import ENGINES, fit
from collab.exploring import Exploring
from data.embeddings import SongEmbeddings
from data.files import write_json
from data.item_features import ItemFeatures
from data.recommender import Recommender
from data.splits import Split
from evaluation.compare import compare
from recsys.report import SILENT, Report
from recsys.steps.fold_content import content_to_compare, encoder_to_compare, in_place
from recsys.steps.inputs import read_interactions
from recsys.steps.machine import workers_or_all
from recsys.steps.metadata import metadata_features
from recsys.steps.reporting import write_report
from recsys.steps.shared_fits import SharedFits
from recsys.steps.splits_to_compare import splits_to_compare
from recsys.steps.starting import Start
from recsys.workspace import open_workspace

LISTENS_ONLY = tuple(name for name, engine in ENGINES.items() if not engine.uses_content and not engine.uses_features)
WITH_CONTENT = tuple(name for name, engine in ENGINES.items() if engine.uses_content)
FEATURES_ONLY = tuple(name for name, engine in ENGINES.items() if engine.uses_features and not engine.uses_content)
SHUFFLED = ("content", "hybrid", "als", "lightfm")
EXPLORE = (0.25, 0.5, 1.0)  # of `recommend --explore`, what each costs
_KNOWS = {"random": "nothing", "hybrid": "both"}  # (the hybrid can do without listens, so its record does not ask for them)
REFERENCES = ("hybrid", "lightfm", "als", "lightfm-cf", "als-cf", "popularity")  # the first that answers a split


def evaluate_recommenders(
    root: Path,
    *,
    k: int = 10,
    splits: Sequence[str] = (),
    folds: int = 5,
    seeds: int = 3,
    start: Start = "auto",
    metadata: Sequence[str] = (),
    device: str = "auto",
    seed: int = 0,
    workers: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Fit every engine without the held-out listens and rank all candidates.

    Splits: "warm" hides a fifth of each user's artists, once per seed; "temporal" hides what was first heard after a moment;
    "cold" hides whole artists, one fold after the other, each with an encoder that was trained without the labels of that fold,
    or that knows no labels; "cold-user" hides a fifth of the users but for a few artists that they give, once per seed.
    "-shuffled" models get the embeddings of other songs: what they gain over chance, content has not earned.

    Parameters
    ----------
    splits : which of these; all that the data allow if empty.
    start : whose embeddings: "auto": those in use, imported ones too; "pretrained": of the shipped one; "scratch": of networks
        trained from scratch, as the workspace's encoder was.
    metadata : "artist" and kinds of labels that songs are also described by, for the engines "hybrid" and "features".

    Returns
    -------
    {"rows": [{"model", "split", "slice", "metric", "k", "value", "low", "high", "n_users", "n_candidates"}], "counts": {...},
    "models": {model: {"knows", "cold_songs", "new_users"}}, "differences", "train_seconds", "notes",
    "encoder": {"start", "fingerprint", "label"}, "report" (path), "summary"}; also
    written to reports/recommenders.json.

    Raises
    ------
    InputError : no workspace, songs or listens; an unknown split, or "temporal" where no time is known; too few artists for the
        folds; "scratch" where no encoder was trained so.
    """
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        interactions = read_interactions(workspace, catalogue)
        encoder = None if in_place(workspace, start) else encoder_to_compare(workspace, start)
        made, notes = splits_to_compare(  # first: too few listens show before any training
            workspace, catalogue, interactions, splits, folds=folds, seeds=seeds, seed=seed
        )
        hears = folds if any(split.fold >= 0 for split in made) else 0  # folds whose encoder must not know their labels
        content = content_to_compare(
            workspace, catalogue, start, encoder, hears, seed, device=device, workers=workers, report=report
        )
        notes.insert(0, content.note)
        given = Given(
            content.warm,
            content.cold,
            metadata_features(interactions.tracks, metadata),
            tuple(track.artist for track in interactions.tracks),
        )
        engines = _engines(given, made, (seed,), alone=hears > 0 and not content.cold)
        with report.task("models") as progress:
            comparison = compare(
                made,
                engines,
                k=(k,),
                seeds=(seed,),
                reference=[name for name in REFERENCES if name in engines],
                workers=workers_or_all(workers),
                progress=progress,
            )
        result = comparison.as_dict()
        result["notes"] = [*notes, *result["notes"]]
        result["models"] = {name: {"knows": knows(name), **about} for name, about in result["models"].items()}
        result["counts"]["import"] = interactions.counts
        result["encoder"] = content.encoder
        write_json(workspace.reports / "recommenders.json", result)
        result["report"] = str(write_report(workspace))
    result["summary"] = f"Report: {result['report']}"
    return result


class Given(NamedTuple):
    """What engines are fitted on besides the listens of a split.

    Parameters
    ----------
    warm, cold : embeddings for splits without and, fold by fold, with held-out artists.
    features : sparse features, or None.
    artists : one a song, "" where unknown.
    """

    warm: SongEmbeddings | None
    cold: Mapping[int, SongEmbeddings]
    features: ItemFeatures | None
    artists: tuple[str, ...]

    def content_of(self, split: Split) -> SongEmbeddings | None:
        """That of the encoder that has not heard the split's cold songs."""
        return self.warm if split.fold < 0 else self.cold.get(split.fold)


def _engines(
    given: Given, splits: Sequence[Split], seeds: Sequence[int], *, alone: bool
) -> dict[str, Callable[[Split, int], Recommender]]:
    """Each model as `compare` wants it. `alone`: there is no content for the cold songs, so listens stand alone."""

    def engine(name: str, *, shuffled: bool = False) -> Callable[[Split, int], Recommender]:
        def run(split: Split, seed: int) -> Recommender:
            content = given.content_of(split) if ENGINES[name].uses_content else None
            if shuffled:
                content = shuffled_embeddings(content, seed)
            return fit(*(name, split.train, content, None, seed + split.seed), features=given.features, artists=given.artists)

        return run

    engines = {name: engine(name) for name in LISTENS_ONLY}
    if given.features is not None:
        engines |= {name: engine(name) for name in FEATURES_ONLY}
    if given.warm is not None and not alone:
        engines |= {name: engine(name) for name in WITH_CONTENT if name != "hybrid"}
        engines |= _exploring("hybrid", engine("hybrid"), splits, seeds)
        engines |= {f"{name}-shuffled": engine(name, shuffled=True) for name in SHUFFLED}
    return engines


def _exploring(
    name: str, run: Callable[[Split, int], Recommender], splits: Sequence[Split], seeds: Sequence[int]
) -> dict[str, Callable[[Split, int], Recommender]]:
    """An engine, and the same model at each value of `EXPLORE`, fitted once for all of them."""

    def key_of(split: Split, seed: int) -> Hashable:
        return split.name, split.fold, split.seed, seed

    shared = SharedFits(run, key_of, {key_of(split, seed): 1 + len(EXPLORE) for split in splits for seed in seeds})

    def at(explore: float) -> Callable[[Split, int], Recommender]:
        def run_at(split: Split, seed: int) -> Recommender:
            fitted = shared(split, seed)
            return Exploring(fitted, split.train.track_counts(), explore) if explore else fitted

        return run_at

    return {name if not explore else f"{name}, explore {explore:g}": at(explore) for explore in (0.0, *EXPLORE)}


def knows(model: str) -> str:
    """What a model is fitted on: "nothing", "listens", "content" or "both"."""
    name = model.removesuffix("-shuffled").partition(",")[0]
    engine = ENGINES[name]
    what = _KNOWS.get(name) or (("both" if engine.uses_listens else "content") if engine.uses_content else "listens")
    return what if "-shuffled" not in model else f"{what}, vectors of other songs"


def shuffled_embeddings(content: SongEmbeddings | None, seed: int) -> SongEmbeddings | None:
    """The control: every song gets the vector of another one, drawn at random."""
    if content is None:
        return None
    n = len(content.tracks)
    cycle = np.random.default_rng(seed).permutation(n)  # each song takes the vector of the next one in a random round
    order = np.empty(n, np.int64)
    order[cycle] = np.roll(cycle, -1)
    return SongEmbeddings(content.tracks, content.vectors[order], f"{content.fingerprint}-shuffled", blocks=content.blocks)
