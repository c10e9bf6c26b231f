"""The model on disk and in memory."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from collab.blend import BlendModel
from collab.engine import ENGINES, EngineConfig, fit
from collab.factors import ALSConfig, BPRConfig
from collab.fallback import recommend
from collab.history import History
from collab.lightfm_hybrid import LightFMConfig
from collab.new_songs import with_new_songs
from collab.recommendation import SOURCES
from collab.serving import ServingModel, serving_model
from collab.serving_files import META, load_serving, save_serving
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.files import read_json, write_json
from data.ids import IdMap
from data.item_features import ItemFeatures, tf_idf
from data.listens import Listens

ROOT = Path(__file__).parents[1]
SERVED = list(SOURCES)
PLACE_BY_SOUND = ["als", "bpr", "ease", "lightfm", "content", "content-ridge", "hybrid"]
QUICK = EngineConfig(lightfm=LightFMConfig(8, 2), als=ALSConfig(8, 3.0), bpr=BPRConfig(8, epochs=5))


def world(n_users: int = 12, n_tracks: int = 18, plays: int = 60, seed: int = 0) -> tuple[Listens, SongEmbeddings]:
    """Random listens over all but the last three songs."""
    rng = np.random.default_rng(seed)
    users, tracks = IdMap(tuple(f"u{i}" for i in range(n_users))), IdMap(tuple(f"t{i}" for i in range(n_tracks)))
    arrays = rng.integers(0, n_users, plays), rng.integers(0, n_tracks - 3, plays), rng.integers(1, 9, plays)
    listens = Listens(arrays[0].astype(np.int32), arrays[1].astype(np.int32), arrays[2].astype(np.float32), None, users, tracks)
    return listens, SongEmbeddings(tracks, rng.normal(size=(n_tracks, 6)).astype(np.float32), "encoder-1")


def words(n_tracks: int = 18) -> ItemFeatures:
    """Song i has the words i mod 2, 2 + i mod 3 and 5 + i mod 4."""
    rows = np.repeat(np.arange(n_tracks), 3)
    columns = np.ravel([(i % 2, 2 + i % 3, 5 + i % 4) for i in range(n_tracks)])
    counts = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n_tracks, 9))
    return ItemFeatures(IdMap(tuple(f"t{i}" for i in range(n_tracks))), tf_idf(counts), "words")


def served(name: str = "als", seed: int = 0) -> ServingModel:
    listens, content = world()
    artists = [f"artist {i // 3}" for i in range(18)]
    fitted = fit(name, listens, content, QUICK, seed, features=words(), artists=artists)
    return serving_model(fitted, listens, content, artists, listens_fingerprint="listens-1")


@pytest.mark.parametrize("name", SERVED)
def test_save_then_load_is_the_identity(tmp_path: Path, name: str) -> None:
    before = served(name)
    save_serving(tmp_path, before)
    after = load_serving(tmp_path)
    assert before.arrays.keys() == after.arrays.keys()
    for key, array in before.arrays.items():
        assert after.arrays[key].dtype == array.dtype
        np.testing.assert_array_equal(after.arrays[key], array)
    for key in ("engine", "version", "users", "tracks", "listens_fingerprint", "embeddings_fingerprint"):
        assert getattr(after, key) == getattr(before, key)
    assert after.model_values[0] == before.model_values[0]
    assert after.model.cold_tracks == before.model.cold_tracks


def test_every_engine_but_chance_and_item_knn_is_served() -> None:
    assert set(SERVED) == set(ENGINES) - {"random", "item-knn"}


@pytest.mark.parametrize("name", SERVED)
def test_a_loaded_model_scores_as_the_fitted_one(tmp_path: Path, name: str) -> None:
    before = served(name)
    save_serving(tmp_path, before)
    users = np.arange(12, dtype=np.int32)
    after = load_serving(tmp_path)
    np.testing.assert_array_equal(after.model.scores(users), before.model.scores(users))
    np.testing.assert_array_equal(after.model.folded_scores(after.history), before.model.folded_scores(before.history))


def test_a_validated_blend_with_what_it_chose_is_saved_and_loaded(tmp_path: Path) -> None:
    listens, content = world(60, 60, 1500)
    fitted = fit("hybrid", listens, content, QUICK, features=words(60))
    assert isinstance(fitted, BlendModel)
    assert fitted.choice["validated"]
    save_serving(tmp_path, serving_model(fitted, listens, content, [""] * 60))
    loaded = load_serving(tmp_path).model
    assert isinstance(loaded, BlendModel)
    assert (loaded.choice, loaded.rule) == (fitted.choice, fitted.rule)


def test_an_array_that_several_parts_share_is_stored_once(tmp_path: Path) -> None:
    serving = served("hybrid")
    assert len([name for name in serving.arrays if name.endswith("landmarks")]) == 1
    assert not [name for name in serving.arrays if "part" in name and "history" in name]


def test_nothing_that_is_stored_is_pickled(tmp_path: Path) -> None:
    save_serving(tmp_path, served("hybrid"))
    for path in tmp_path.rglob("*.npy"):
        np.load(path, allow_pickle=False)


def test_a_stored_model_of_an_unknown_record_is_damaged(tmp_path: Path) -> None:
    save_serving(tmp_path, served())
    meta = read_json(tmp_path / META)
    meta["model"]["record"] = "Path"
    write_json(tmp_path / META, meta)
    with pytest.raises(InputError, match="cannot be read") as raised:
        load_serving(tmp_path)
    assert raised.value.code == "damaged"


def test_a_stored_model_without_its_factors_is_damaged(tmp_path: Path) -> None:
    save_serving(tmp_path, served())
    meta = read_json(tmp_path / META)
    meta["model"]["user_factors"] = None
    write_json(tmp_path / META, meta)
    with pytest.raises(InputError, match="cannot be read") as raised:
        load_serving(tmp_path)
    assert raised.value.code == "damaged"


def test_a_model_of_the_first_schema_asks_for_training(tmp_path: Path) -> None:
    save_serving(tmp_path, served())
    write_json(tmp_path / META, read_json(tmp_path / META) | {"schema": 1})
    with pytest.raises(InputError, match=r"schema 1, .*train-hybrid") as raised:
        load_serving(tmp_path)
    assert raised.value.code == "schema"


def test_a_model_without_content_is_saved_and_loaded(tmp_path: Path) -> None:
    listens, _ = world()
    save_serving(tmp_path, serving_model(fit("als-cf", listens, None, QUICK), listens, None, [""] * 18))
    assert load_serving(tmp_path).content.shape == (18, 0)


def test_the_version_of_a_loaded_model_is_that_of_its_bytes(tmp_path: Path) -> None:
    save_serving(tmp_path, served())
    loaded = load_serving(tmp_path)
    assert dataclasses.replace(loaded).version == loaded.version  # a copy takes its version from the bytes


def test_the_same_seed_gives_the_same_version_and_files(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        save_serving(folder, served(seed=4))
    a, b = ({p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in folders)
    assert a == b


def test_another_model_has_another_version() -> None:
    assert served(seed=0).version != served(seed=1).version


def test_saving_again_leaves_only_the_new_arrays(tmp_path: Path) -> None:
    for seed in (0, 1):
        save_serving(tmp_path, served(seed=seed))
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == [f"serving-{served(seed=1).version}"]


def test_a_reader_keeps_its_arrays_while_a_new_model_is_saved(tmp_path: Path) -> None:
    save_serving(tmp_path, served(seed=0))
    held = load_serving(tmp_path)
    save_serving(tmp_path, served(seed=1))
    np.testing.assert_array_equal(held.arrays["model_item_factors"], served(seed=0).arrays["model_item_factors"])


def test_a_write_killed_before_its_end_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_serving(tmp_path, served(seed=0))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("collab.serving_files.write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        save_serving(tmp_path, served(seed=1))
    assert load_serving(tmp_path).version == served(seed=0).version


@pytest.mark.parametrize("what", ["listens", "embeddings"])
def test_a_model_of_other_inputs_is_refused_as_stale(tmp_path: Path, what: str) -> None:
    save_serving(tmp_path, served())
    with pytest.raises(InputError, match=f"other {what}") as raised:
        load_serving(tmp_path, **{f"{what}_fingerprint": "something else"})
    assert raised.value.code == "stale"


def test_a_model_of_the_same_inputs_is_accepted(tmp_path: Path) -> None:
    save_serving(tmp_path, served())
    load_serving(tmp_path, listens_fingerprint="listens-1", embeddings_fingerprint="encoder-1")


def test_no_model_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_serving(tmp_path)


def test_a_truncated_array_is_a_clear_error(tmp_path: Path) -> None:
    save_serving(tmp_path, served())
    array = next(tmp_path.glob("serving-*")) / "model_item_factors.npy"
    array.write_bytes(array.read_bytes()[:150])
    with pytest.raises(InputError, match="cannot be read") as raised:
        load_serving(tmp_path)
    assert raised.value.code == "damaged"


@pytest.mark.parametrize("content", [b"", b"no array at all, and long enough to be read as one"])
def test_an_array_file_that_is_none_is_named_without_talk_of_pickles(tmp_path: Path, content: bytes) -> None:
    save_serving(tmp_path, served())
    (next(tmp_path.glob("serving-*")) / "content.npy").write_bytes(content)
    with pytest.raises(InputError, match=r"content\.npy is damaged") as raised:
        load_serving(tmp_path)
    assert "pickle" not in str(raised.value)
    assert "train-hybrid" in raised.value.hint


@pytest.mark.parametrize("name", ["content", "history_tracks", "model_item_factors"])
def test_an_array_of_another_length_asks_for_training(tmp_path: Path, name: str) -> None:
    save_serving(tmp_path, served())
    array = next(tmp_path.glob("serving-*")) / f"{name}.npy"
    np.save(array, np.load(array)[:-1])
    with pytest.raises(InputError, match=r"cannot be read.*train-hybrid") as raised:
        load_serving(tmp_path)
    assert raised.value.code == "damaged"


@pytest.mark.parametrize("text", ["", '{"schema": 2, "mod', "[1]"])
def test_a_damaged_model_file_asks_for_training(tmp_path: Path, text: str) -> None:
    save_serving(tmp_path, served())
    (tmp_path / META).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"cannot be read.*train-hybrid") as raised:
        load_serving(tmp_path)
    assert raised.value.code == "damaged"


def test_missing_arrays_are_a_clear_error(tmp_path: Path) -> None:
    save_serving(tmp_path, served())
    (next(tmp_path.glob("serving-*")) / "model_item_factors.npy").unlink()
    with pytest.raises(InputError, match="missing"):
        load_serving(tmp_path)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    save_serving(tmp_path, served())
    write_json(tmp_path / META, read_json(tmp_path / META) | {"schema": 99})
    with pytest.raises(InputError, match="schema 99"):
        load_serving(tmp_path)


@pytest.mark.parametrize("name", ["random", "item-knn"])
def test_an_engine_without_factors_cannot_be_served(name: str) -> None:
    listens, content = world()
    with pytest.raises(InputError, match=f"engine '{name}' cannot be served"):
        serving_model(fit(name, listens), listens, content, [""] * 18)


def test_artists_of_the_wrong_number_are_refused() -> None:
    listens, content = world()
    with pytest.raises(InputError, match="17 names for 18 songs"):
        serving_model(fit("popularity", listens), listens, content, [""] * 17)


def test_songs_of_unknown_artist_are_artists_of_their_own() -> None:
    listens, content = world()
    model = serving_model(fit("popularity", listens), listens, content, ["a", "a"] + [""] * 16)
    assert len(np.unique(model.artists)) == 17


def arrivals() -> SongEmbeddings:
    """The songs of the world and a new one that sounds exactly like t16, which nobody played either."""
    _, content = world()
    vectors = np.concatenate([content.vectors, content.vectors[16:17]])
    return SongEmbeddings(IdMap((*content.tracks.ids, "today")), vectors, "encoder-1")


@pytest.mark.parametrize("name", PLACE_BY_SOUND)
def test_a_song_that_arrived_today_scores_like_its_twin_of_yesterday(name: str) -> None:
    """(Without words: nothing but the sound is known of a song of today.)"""
    listens, content = world()
    artists = [f"artist {i // 3}" for i in range(18)]
    serving = serving_model(fit(name, listens, content, QUICK, artists=artists), listens, content, artists)
    scores = with_new_songs(serving, arrivals(), {}).model.scores(np.arange(12, dtype=np.int32))
    np.testing.assert_allclose(scores[:, 18], scores[:, 16], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", SERVED)
def test_new_songs_move_no_score_of_songs_with_listens(name: str) -> None:
    before, users = served(name), np.arange(12, dtype=np.int32)
    after = with_new_songs(before, arrivals(), {})
    warm = before.listeners > 0
    expected = before.model.scores(users)[:, warm]
    np.testing.assert_allclose(after.model.scores(users)[:, :18][:, warm], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["content", "content-ridge"])
def test_a_song_added_after_training_stands_where_it_would_if_it_had_been_there(name: str) -> None:
    listens, content = world()
    short = IdMap(content.tracks.ids[:17])
    fewer = dataclasses.replace(listens, tracks=short)
    trained_without = serving_model(fit(name, fewer, content, QUICK), fewer, content, [""] * 17)
    grown = with_new_songs(trained_without, content, {}).model
    trained_with = fit(name, listens, content, QUICK)
    users = np.arange(12, dtype=np.int32)
    np.testing.assert_allclose(grown.scores(users), trained_with.scores(users), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SERVED)
def test_a_new_song_can_be_played_at_once(name: str) -> None:
    """Plays of it are folded in with the others."""
    serving = with_new_songs(served(name), arrivals(), {})
    plays = History.of_rows([(np.array([3, 18], np.int32), np.array([2, 2], np.float32))])
    scores = serving.model.folded_scores(plays)
    assert scores.shape == (1, 19)
    assert np.isfinite(scores).all()


def test_a_blend_knows_no_listener_of_a_new_song() -> None:
    grown = with_new_songs(served("hybrid"), arrivals(), {})
    assert isinstance(grown.model, BlendModel)
    assert grown.model.listeners[18] == 0
    assert grown.model.scorable[18]


def test_a_new_song_has_no_words_until_training() -> None:
    assert not with_new_songs(served("features"), arrivals(), {}).model.scorable[18]


def test_a_song_that_arrived_today_is_recommended_as_cold() -> None:
    items = recommend(with_new_songs(served("als"), arrivals(), {}), "u1", k=19)
    assert [(i.cold, i.source) for i in items if i.track_id == "today"] == [(True, "hybrid-content")]


def test_an_engine_of_listens_alone_takes_a_new_song_by_its_sound() -> None:
    items = recommend(with_new_songs(served("als-cf"), arrivals(), {}), "u1", k=19)
    assert [i.source for i in items if i.track_id == "today"] == ["content-likes"]


def test_a_new_song_joins_its_artist() -> None:
    artists = {f"t{i}": f"artist {i // 3}" for i in range(18)} | {"today": "artist 2"}
    grown = with_new_songs(served(), arrivals(), artists)
    assert grown.artists[18] == grown.artists[6]
    np.testing.assert_array_equal(grown.artists[:18], served().artists)


def test_without_new_songs_the_model_stays_as_it_is() -> None:
    before = served()
    assert with_new_songs(before, world()[1], {}) is before


def test_new_songs_of_another_encoder_are_refused() -> None:
    other = dataclasses.replace(arrivals(), fingerprint="encoder-2")
    with pytest.raises(InputError, match="encoder-2") as raised:
        with_new_songs(served(), other, {})
    assert raised.value.code == "stale"


def test_new_songs_of_another_width_are_refused() -> None:
    more = arrivals()
    wide = dataclasses.replace(more, vectors=np.hstack([more.vectors, more.vectors]))
    with pytest.raises(InputError, match=r"12 columns.*6.*train-hybrid") as raised:
        with_new_songs(served(), wide, {})
    assert raised.value.code == "stale"


@pytest.mark.parametrize("name", ["hybrid", "als", "features"])
def test_serving_imports_numpy_and_no_heavier_library(tmp_path: Path, name: str) -> None:
    save_serving(tmp_path, served(name))
    program = (
        "import sys; from pathlib import Path\n"
        "from collab.serving_files import load_serving\n"
        "from collab.fallback import recommend\n"
        "assert recommend(load_serving(Path(sys.argv[1])), 'u1')\n"
        "assert recommend(load_serving(Path(sys.argv[1])), None, ['t1'], explore=0.5)\n"
        "heavy = {'torch', 'lightfm', 'implicit', 'scipy', 'pandas', 'sklearn', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_model_of_10_000_songs_and_5_000_users_loads_at_once(tmp_path: Path) -> None:
    listens, _ = world(5_000, 10_000, 200_000)
    content = SongEmbeddings(listens.tracks, np.random.default_rng(0).normal(size=(10_000, 64)).astype(np.float32), "e")
    save_serving(tmp_path, serving_model(fit("content", listens, content), listens, content, [""] * 10_000))
    times = []
    for _ in range(3):
        start = time.perf_counter()
        load_serving(tmp_path)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.25  # a tenth of that on an idle machine
