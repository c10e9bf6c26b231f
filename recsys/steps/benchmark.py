"""Compare all engines on a public set in its original files, beside what others published."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from collab.engine import ENGINES, fit
from data.errors import InputError
from data.files import write_json, write_text
from data.published.benchmark_set import BenchmarkSet, Trial
from data.published.sets import benchmark_set
from data.recommender import Recommender
from data.splits import Split
from evaluation.compare import compare
from evaluation.published import CITATION, published_rows
from recsys.report import SILENT, Report
from recsys.steps.benchmark_content import Content, content_of_words, shuffled
from recsys.steps.benchmark_fits import fit_once, seconds_of_fits
from recsys.steps.machine import workers_or_all
from recsys.steps.shared_fits import Engine

CONTROLS = ("content", "hybrid")  # with them runs a "-shuffled" one, on the content of other items
REFERENCES = ("hybrid", "lightfm")  # differences are to the first of these that runs, or to the last engine
TrialKey = tuple[str, int]  # name and seed of a split


def benchmark(
    name: str,
    data: Path,
    *,
    protocols: Sequence[str] = (),
    engines: Sequence[str] = (),
    seeds: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    workers: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Fit engines on the set `name` and rank all candidates; no workspace is read or made.

    Parameters
    ----------
    data : folder of the set's original files.
    protocols : which of the set's splits; all if none is named.
    engines : which of `collab.engine.ENGINES`; if none is named, all but those that the set leaves out for their time.
    seeds, seed : how often and from which seed on; the set's own number if None.
    out : folder for benchmark-NAME.json, .md and .html, or None.

    Returns
    -------
    As `recsys.steps.evaluate_recommenders`: {"rows", "counts", "differences", "train_seconds", "seeds", "notes"}, with
    "benchmark" (the name), "published": [{"model", "split", "metric", "k", "value", "source"}], "content_seconds" (CPU of the
    content, all trials), "summary", and with `out` "report" (path).

    Raises
    ------
    InputError : unknown set, protocol or engine; a file of the set is missing or broken.
    """
    chosen = benchmark_set(name)
    wanted = _among(chosen.protocols, protocols, "protocol")
    models = _among(tuple(ENGINES), engines, "engine") if engines else [e for e in ENGINES if e not in chosen.left_out]
    runs = chosen.seeds if seeds is None else seeds
    if runs < 1:
        raise InputError(f"seeds={seeds} must be 1 or more")
    every_seed = tuple(range(seed, seed + runs))
    report.say(f"Reading {name} in {data}")
    trials = chosen.read(data, wanted, every_seed)
    begin = time.process_time()
    content = _content(trials, chosen.columns, report) if any(_uses_words(model) for model in models) else {}
    content_seconds = time.process_time() - begin
    fit_seeds = (0,) if chosen.drawn else every_seed
    entrants = {model: fit_once(engine, trials, fit_seeds) for model, engine in _entrants(models, content).items()}
    with report.task("models") as progress:
        comparison = compare(
            [split for trial in trials for split in trial.splits],
            entrants,
            k=chosen.k,
            seeds=fit_seeds,
            reference=next((model for model in REFERENCES if model in models), models[-1]),
            workers=workers_or_all(workers),
            progress=progress,
        )
    result: dict[str, Any] = comparison.as_dict()
    result["train_seconds"] = seconds_of_fits(result["train_seconds"], trials)
    result["published"] = published_rows(name, wanted)
    result["notes"] = [*_notes(chosen, models, bool(engines), bool(result["published"])), *result["notes"]]
    result |= {"benchmark": name, "seeds": list(every_seed), "content_seconds": round(content_seconds, 2)}
    result["summary"] = f"{len(entrants)} models, {len(every_seed)} seed(s)"
    if out is not None:
        result["report"] = str(_write(out, result))
        result["summary"] = f"Report: {result['report']}"
    return result


def _among(known: Sequence[str], wanted: Sequence[str], what: str) -> list[str]:
    """`wanted` in the order of `known`; all of them if none is wanted."""
    for one in wanted:
        if one not in known:
            raise InputError(f"{what}={one!r} must be one of {', '.join(known)}", code=f"unknown-{what}")
    return [one for one in known if one in wanted or not wanted]


def _content(trials: Sequence[Trial], columns: int, report: Report) -> dict[TrialKey, Content]:
    """Content of each trial's splits, made once for trials that share their words."""
    made: dict[int, Content] = {}
    content: dict[TrialKey, Content] = {}
    with report.task("content") as progress:
        for done, trial in enumerate(trials, start=1):
            tracks = trial.splits[0].train.tracks
            if id(trial.words) not in made:
                made[id(trial.words)] = content_of_words(tracks, trial.words(), columns)
            content |= {(split.name, split.seed): made[id(trial.words)] for split in trial.splits}
            progress(done, len(trials))
    return content


def _uses_words(model: str) -> bool:
    return ENGINES[model].uses_content or ENGINES[model].uses_features


def _entrants(models: Sequence[str], content: Mapping[TrialKey, Content]) -> dict[str, Engine]:
    """Each engine as `compare` wants it, and behind it its control."""

    def entrant(model: str, *, control: bool = False) -> Engine:
        def run(split: Split, seed: int) -> Recommender:
            own = seed + split.seed
            if not _uses_words(model):
                return fit(model, split.train, None, None, own)
            known = content[split.name, split.seed]
            known = shuffled(known, own) if control else known
            return fit(model, split.train, known.vectors, None, own, features=known.features)

        return run

    entrants = {model: entrant(model) for model in models}
    return entrants | {f"{model}-shuffled": entrant(model, control=True) for model in models if model in CONTROLS}


def _notes(chosen: BenchmarkSet, models: Sequence[str], asked: bool, published: bool) -> list[str]:
    """What a reader must know of the set, of the rows beside ours, and of the engines that did not run."""
    notes = [*chosen.notes, *([CITATION] if published else [])]
    left_out = {} if asked else {engine: why for engine, why in chosen.left_out.items() if engine in ENGINES}
    notes += [f"Engine {engine} was left out ({why}): --engine {engine} runs it." for engine, why in left_out.items()]
    if any(ENGINES[model].uses_content for model in models):
        notes.append(f"Content: TF-IDF of the words, and its SVD with {chosen.columns} columns in place of sound.")
    if asked:
        notes.append(f"Only these engines were asked for: {', '.join(models)}.")
    return notes


def _write(out: Path, result: Mapping[str, Any]) -> Path:
    """JSON, Markdown and a page; returns the page's path."""
    from evaluation.report_html import render_html
    from evaluation.report_markdown import render_markdown

    stem = f"benchmark-{result['benchmark']}"
    title = f"Benchmark {result['benchmark']}"
    write_json(out / f"{stem}.json", result)
    write_text(out / f"{stem}.md", render_markdown(result, title=title))
    page = out / f"{stem}.html"
    write_text(page, render_html(result, title=title))
    return page
