"""Top-100 lists of all users of a large catalogue against LightFM's own predict, ids only and with content."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

USERS, SONGS, FACTORS, K = 10_000, 50_000, 64, 100
PLAYS_EACH = 30
ASKED, ASKED_HYBRID = 60, 3  # users that LightFM is timed on; it takes as long for each


def run(_scratch: Path) -> None:
    """Time both, scale LightFM's to all users, and compare the lists with those of whole rows, sorted."""
    import scipy.sparse as sp
    from lightfm import LightFM

    from collab.folding import ConstantFold
    from collab.history import History
    from collab.lightfm_hybrid import LightFMConfig, factors_of, feature_rows, fit_lightfm
    from collab.model import FactorModel
    from collab.ranking import top_k

    rng = np.random.default_rng(0)
    cells = np.repeat(np.arange(USERS), PLAYS_EACH), rng.integers(0, SONGS, USERS * PLAYS_EACH)
    plays = sp.coo_matrix((np.ones(len(cells[0]), np.float32), cells), shape=(USERS, SONGS)).tocsr()
    plays.sum_duplicates()
    rows = feature_rows(np.ones(SONGS, np.bool_), None)
    users, items = factors_of(fit_lightfm(plays, rows, LightFMConfig(FACTORS, 1)), rows)
    fold = ConstantFold(np.zeros(items.shape[1], np.float32))
    model = FactorModel("lightfm-cf", users, items, np.ones(SONGS, np.bool_), False, fold)
    history, everybody = History.of_matrix(plays), np.arange(USERS, dtype=np.int32)

    theirs = LightFM(no_components=FACTORS)
    theirs.fit(plays.tocoo(), epochs=1, num_threads=1)
    content = sp.csr_matrix(rng.normal(size=(SONGS, FACTORS)).astype(np.float32))
    sides = sp.hstack([rows, content], format="csr", dtype=np.float32)
    hybrid = LightFM(no_components=FACTORS)
    hybrid.fit_partial(plays[:10].tocoo(), item_features=sides, epochs=1, num_threads=1)
    songs = np.arange(SONGS)

    def lists(fitted: Any, asked: int, **sides: Any) -> tuple[float, float]:
        """CPU seconds for all users, of predict alone and with picking and sorting the best."""
        alone, rows = _timed(lambda: [fitted.predict(user, songs, num_threads=1, **sides) for user in range(asked)])
        picking, _ = _timed(lambda: [np.sort(-row[np.argpartition(row, -K)[-K:]]) for row in rows])
        return alone * USERS / asked, (alone + picking) * USERS / asked

    before, times = _peak(), []
    for _ in range(3):  # in turn, so that a busy machine slows both alike
        ours, ranking = _timed(lambda: top_k(model.scores, everybody, K, seen=history))
        memory = _peak() - before
        times.append((ours, *lists(theirs, ASKED), *lists(hybrid, ASKED_HYBRID, item_features=sides)))
    seconds, *others = (sorted(column)[1] for column in zip(*times, strict=True))
    print(f"\ntop {K} of {SONGS:,} songs for {USERS:,} users, {FACTORS} factors, one thread, CPU time, medians of 3")
    print(f"  {'ours, in blocks, sorted, without what was heard':<62}{seconds:>8.1f} s  {USERS / seconds:>8,.0f} users/s")
    names = [f"{of}, {how}" for of in ("ids only", f"ids and {FACTORS} columns of content") for how in ("alone", "and top-k")]
    for name, total in zip(names, others, strict=True):
        print(f"  {f'LightFM.predict, {name}':<62}{total:>8.1f} s  {total / seconds:>8.0f} times as long")
    whole = 4 * USERS * SONGS / 2**20
    print(f"  memory beyond models and history at its highest: {memory / 2**20:.0f} MiB; all scores at once: {whole:,.0f} MiB")
    wrong = _differences(model, ranking, history, rng.choice(USERS, 200, replace=False))
    print(f"  lists of 200 users that differ from those of whole rows, sorted: {wrong}")


def _differences(model: Any, ranking: Any, history: Any, sample: Any) -> int:
    wrong = 0
    for user in sample.tolist():
        scores = model.scores(np.array([user], np.int32))[0]
        scores[history.of(user)[0]] = -np.inf
        tracks, values = ranking.of(user)
        best = np.sort(scores)[::-1][:K]
        wrong += not (np.array_equal(values, best) and np.array_equal(scores[tracks], values) and len(set(tracks.tolist())) == K)
    return wrong


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def _peak() -> int:
    """Most memory that this process has held so far, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
