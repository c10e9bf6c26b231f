"""Which recommender is worth its trouble on my music? From a folder and a listening history to a table and a picture.

    python examples/compare_recommenders.py MUSIC_FOLDER HISTORY --workspace my-workspace --picture ndcg.png

Uses `recsys.steps` as a researcher would: each command of the command line is one function, and what it measured is JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from recsys.steps.content import embed
from recsys.steps.evaluate_recommenders import evaluate_recommenders
from recsys.steps.library import scan
from recsys.steps.listens import import_listens

MODELS = ("hybrid", "hybrid-shuffled", "als-cf", "content", "popularity", "random")  # two parts, the whole, three controls


def analyse(workspace: Path, music: Path, history: Path) -> None:
    """Scan, hear, and read who played what; what was done before is not done again."""
    print("\n".join(scan(workspace, [music])["summary"]))
    print(embed(workspace)["summary"])
    print(import_listens(workspace, [history])["summary"])


def table_of(report: dict[str, Any], metric: str, k: int) -> dict[tuple[str, str], dict[str, Any]]:
    """(split, model) -> row of one metric over all songs: value, and its 95 % interval "low" to "high"."""
    rows = [row for row in report["rows"] if (row["metric"], row["k"], row["slice"]) == (metric, k, "all")]
    return {(row["split"], row["model"]): row for row in rows}


def print_table(table: dict[tuple[str, str], dict[str, Any]], metric: str) -> None:
    """One line a model, best first, for each split."""
    for split in dict.fromkeys(split for split, _ in table):
        print(f"\n{split}: {metric} and its 95 % interval")
        of_split = [(model, row) for (name, model), row in table.items() if name == split and model in MODELS]
        for model, row in sorted(of_split, key=lambda pair: -pair[1]["value"]):
            interval = "" if row["low"] is None else f"  [{row['low']:.3f}, {row['high']:.3f}]"
            print(f"  {model:16} {row['value']:.3f}{interval}")


def draw(table: dict[tuple[str, str], dict[str, Any]], metric: str, picture: Path) -> None:
    """The same as bars, a group a split."""
    from matplotlib.figure import Figure  # no pyplot: needs no display

    splits = list(dict.fromkeys(split for split, _ in table))
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for number, model in enumerate(MODELS):
        bars = [table[split, model]["value"] if (split, model) in table else 0.0 for split in splits]
        axes.bar([place + number / (len(MODELS) + 1) for place in range(len(splits))], bars, 1 / (len(MODELS) + 1), label=model)
    axes.set_xticks([place + 0.4 for place in range(len(splits))], splits)
    axes.set_ylabel(metric)
    axes.legend(frameon=False)
    figure.savefig(picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("music", type=Path)
    parser.add_argument("history", type=Path)
    parser.add_argument("--workspace", type=Path, default=Path("my-workspace"))
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--splits", nargs="*", default=["warm", "cold"])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()

    analyse(options.workspace, options.music, options.history)
    answer = evaluate_recommenders(options.workspace, splits=options.splits, folds=options.folds, seeds=options.seeds)
    print(f"\nThe whole report: {answer['report']}")
    saved = json.loads((options.workspace / "reports" / "recommenders.json").read_text(encoding="utf-8"))  # the same figures
    table = table_of(saved, "ndcg", 10)
    print_table(table, "nDCG@10")
    if options.picture:
        draw(table, "nDCG@10", options.picture)


if __name__ == "__main__":
    main()
