"""import-embeddings: vectors of another program in place of ours or beside them, and back."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile as sf
from vectors import catalogue_ids, random_vectors, write_vectors

from data.embeddings import read_embeddings, unit_rows
from data.imported_vectors import read_imported
from recsys.workspace import Workspace, open_workspace


@pytest.fixture
def ids(world):
    return catalogue_ids(world)


@pytest.fixture
def clap(tmp_path, ids):
    """Vectors of 8 numbers for all songs but the last two, and for one that is not in the library."""
    return write_vectors(tmp_path / "clap.parquet", [*ids[:-2], "later.mp3"], random_vectors(len(ids) - 1, 8))


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def add_song(recsys, workspace, tmp_path, name="New Song"):
    folder = tmp_path / "more"
    folder.mkdir(exist_ok=True)
    sf.write(folder / f"{name}.wav", 0.1 * np.random.default_rng(0).standard_normal(3 * 22050), 22050)
    assert recsys("-w", workspace, "scan", folder, "--json").json["new"] == 1
    return f"{name}.wav"


def test_all_songs_are_accounted_for(recsys, workspace, clap, ids):
    ran = recsys("-w", workspace, "import-embeddings", clap, "--json")
    assert ran.code == 0
    answer = ran.json
    assert (answer["name"], answer["beside"], answer["dimensions"]) == ("clap", False, 8)
    assert (answer["songs"], answer["missing"], answer["unknown"]) == (43, 2, 1)
    assert (answer["missing_first"], answer["unknown_first"]) == (ids[-2:], ["later.mp3"])
    for words in ("43 songs", ids[-1], "later.mp3", "train-hybrid"):
        assert words in answer["summary"]


def test_in_place_every_command_uses_them(recsys, workspace, clap, ids, world, tmp_path):
    recsys("-w", workspace, "import-embeddings", clap)
    vectors = random_vectors(44, 8)
    unit = vectors[:43] / np.linalg.norm(vectors[:43], axis=1, keepdims=True)
    (best, *_) = recsys("-w", workspace, "similar", ids[0], "-k", 5, "--json").json["items"]
    cosine = unit[1:] @ unit[0]
    assert best["track_id"] == ids[1 + int(cosine.argmax())]
    assert best["similarity"] == pytest.approx((1 + cosine.max()) / 2, abs=1e-5)
    assert "43 songs" in (recsys("-w", workspace, "map"), (workspace / "reports" / "map.html").read_text())[1]
    trained = recsys("-w", workspace, "train-hybrid", "--json").json
    assert (trained["trained"], trained["songs_without_embedding"]) == (True, 2)
    ran = recsys("-w", workspace, "recommend", "--like", ids[0], "-k", 1, "--json")
    assert (ran.code, ran.json["items"][0]["source"]) == (0, "hybrid-likes")
    recsys("-w", workspace, "export", "embeddings", "--out", tmp_path / "out.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), vectors[:43])


def test_a_song_without_an_imported_vector_says_so(recsys, workspace, clap, ids):
    recsys("-w", workspace, "import-embeddings", clap)
    ran = recsys("-w", workspace, "similar", ids[-1])
    assert ran.code == 1
    assert "clap" in ran.err
    assert "Import" in ran.err


@pytest.mark.parametrize("suffix", ["parquet", "npy"])
def test_what_was_exported_comes_back_to_the_bit_and_answers_the_same(recsys, workspace, ids, tmp_path, suffix):
    before = recsys("-w", workspace, "similar", ids[0], "-k", 44, "--json").json
    old = read_embeddings(workspace / "embeddings", mmap=False)
    recsys("-w", workspace, "export", "embeddings", "--out", tmp_path / f"out.{suffix}")
    answer = recsys("-w", workspace, "import-embeddings", tmp_path / f"out.{suffix}", "--json").json
    new = read_embeddings(workspace / "embeddings", mmap=False)
    assert answer["songs"] == 45
    assert (new.tracks, new.vectors.tobytes()) == (old.tracks, old.vectors.tobytes())
    assert new.fingerprint != old.fingerprint
    assert recsys("-w", workspace, "similar", ids[0], "-k", 44, "--json").json == before


@pytest.mark.parametrize("options", [(), ("--beside",)])
def test_removing_gives_back_the_same_bytes(recsys, workspace, clap, options):
    before = files_of(workspace / "embeddings")
    recsys("-w", workspace, "import-embeddings", clap, *options)
    assert files_of(workspace / "embeddings") != before
    ran = recsys("-w", workspace, "import-embeddings", "--remove", "--json")
    assert (ran.code, ran.json["name"], ran.json["songs"], ran.json["missing"]) == (0, "clap", 45, 0)
    assert files_of(workspace / "embeddings") == before
    assert not (workspace / "imported-embeddings").exists()
    assert not (workspace / "own-embeddings").exists()
    assert not recsys("-w", workspace, "train-hybrid", "--json").json["trained"]  # nothing has changed for it


def test_there_is_nothing_to_remove_twice(recsys, workspace):
    ran = recsys("-w", workspace, "import-embeddings", "--remove")
    assert ran.code == 1
    assert "no imported vectors" in ran.err


@pytest.mark.parametrize("arguments", [(), ("x.npy", "--remove"), ("--remove", "--beside"), ("--remove", "--name", "x")])
def test_contradicting_options_are_wrong_usage(recsys, workspace, arguments):
    assert recsys("-w", workspace, "import-embeddings", *arguments).code == 2


def test_paths_name_songs_absolute_or_relative_to_the_scanned_folder(recsys, workspace, world, tmp_path):
    with open_workspace(workspace).catalogue(readonly=True) as catalogue:
        tracks, (root,) = catalogue.tracks(), catalogue.roots()
    paths = [track.path if i % 2 else track.path.removeprefix(f"{root}/") for i, track in enumerate(tracks)]
    file = write_vectors(tmp_path / "p.parquet", [*paths, "/nowhere.mp3"], random_vectors(46, 3), key="path")
    answer = recsys("-w", workspace, "import-embeddings", file, "--json").json
    assert (answer["songs"], answer["unknown_first"]) == (45, ["/nowhere.mp3"])
    np.testing.assert_array_equal(read_embeddings(workspace / "embeddings").vectors, random_vectors(46, 3)[:45])


def test_two_paths_of_one_song_are_refused(recsys, workspace, tmp_path):
    with open_workspace(workspace).catalogue(readonly=True) as catalogue:
        track, (root,) = catalogue.tracks()[0], catalogue.roots()
    paths = [track.path, track.path.removeprefix(f"{root}/")]
    ran = recsys("-w", workspace, "import-embeddings", write_vectors(tmp_path / "p.npy", paths, np.eye(2), key="path"))
    assert ran.code == 1
    assert track.track_id in ran.err


def test_no_match_at_all_is_an_error_and_shows_both_kinds_of_id(recsys, workspace, ids, tmp_path):
    before = files_of(workspace / "embeddings")
    ran = recsys("-w", workspace, "import-embeddings", write_vectors(tmp_path / "v.npy", ["S-1", "S-2"], np.eye(2, 3)))
    assert ran.code == 1
    assert "'S-1'" in ran.err
    assert ids[0] in ran.err
    assert files_of(workspace / "embeddings") == before
    assert not (workspace / "imported-embeddings").exists()


@pytest.mark.parametrize("name", ["", "  ", "two\nlines"])
def test_a_name_is_text_that_can_be_read(recsys, workspace, clap, name):
    ran = recsys("-w", workspace, "import-embeddings", clap, "--name", name)
    assert ran.code == 1
    assert "name=" in ran.err


# beside


def test_beside_each_half_weighs_the_same(recsys, workspace, ids, tmp_path):
    ours = read_embeddings(workspace / "embeddings", mmap=False)
    theirs = 1e6 * random_vectors(45, 500) + 1e6
    answer = recsys(
        "-w", workspace, "import-embeddings", write_vectors(tmp_path / "v.npy", ids, theirs), "--beside", "--json"
    ).json
    both = read_embeddings(workspace / "embeddings")
    assert (answer["dimensions"], both.vectors.shape, both.widths) == (692, (45, 692), (192, 500))
    halves = [unit_rows(part - part.mean(axis=0)) for part in (ours.vectors, theirs)]
    np.testing.assert_allclose(both.vectors[:, :192], halves[0], atol=2e-4)
    np.testing.assert_allclose(both.vectors[:, 192:], halves[1], atol=2e-4)
    (best, *_) = recsys("-w", workspace, "similar", ids[0], "--json").json["items"]
    mean_cosine = sum(half[1:] @ half[0] for half in halves) / 2
    assert best["track_id"] == ids[1 + int(mean_cosine.argmax())]
    assert best["similarity"] == pytest.approx((1 + mean_cosine.max()) / 2, abs=1e-3)


def test_beside_songs_without_the_other_half_are_counted_and_named(recsys, workspace, clap, ids, tmp_path):
    new = add_song(recsys, workspace, tmp_path)
    write_vectors(clap, [*ids[:-2], new], random_vectors(44, 8))
    answer = recsys("-w", workspace, "import-embeddings", clap, "--beside", "--json").json
    assert (answer["songs"], answer["missing"], answer["without_ours"], answer["without_ours_first"]) == (43, 2, 1, [new])
    assert "recsys embed" in answer["summary"]


def test_beside_a_song_embedded_later_joins_and_the_others_keep_their_bytes(recsys, workspace, clap, ids, tmp_path):
    write_vectors(clap, [*ids, "New Song.wav"], random_vectors(46, 8))
    recsys("-w", workspace, "import-embeddings", clap, "--beside")
    recsys("-w", workspace, "train-hybrid")
    before = read_embeddings(workspace / "embeddings", mmap=False)
    new = add_song(recsys, workspace, tmp_path)
    answer = recsys("-w", workspace, "embed", "--json").json
    assert (answer["embedded"], answer["imported"]["songs"], answer["imported"]["without_ours"]) == (1, 46, 0)
    after = read_embeddings(workspace / "embeddings", mmap=False)
    assert after.fingerprint == before.fingerprint
    old, known = after.aligned(before.tracks)
    assert known.all()
    assert old.tobytes() == before.vectors.tobytes()
    items = recsys("-w", workspace, "recommend", "--user", "nobody", "--like", ids[0], "-k", 100, "--json").json["items"]
    assert new in {item["track_id"] for item in items}  # placed in the model without training it again


def test_beside_needs_vectors_of_ours(recsys, workspace, clap):
    shutil.rmtree(workspace / "embeddings")
    ran = recsys("-w", workspace, "import-embeddings", clap, "--beside")
    assert ran.code == 1
    assert "recsys embed" in ran.err
    assert not (workspace / "imported-embeddings" / "vectors.parquet").exists()


def test_beside_one_song_alone_is_refused(recsys, workspace, ids, tmp_path):
    ran = recsys("-w", workspace, "import-embeddings", write_vectors(tmp_path / "v.npy", ids[:1], np.ones((1, 2))), "--beside")
    assert ran.code == 1
    assert "1 songs have both" in ran.err


# what comes later


def test_embed_adds_ours_and_leaves_the_imported_ones_in_use(recsys, workspace, clap, tmp_path):
    recsys("-w", workspace, "import-embeddings", clap)
    before = files_of(workspace / "embeddings")
    new = add_song(recsys, workspace, tmp_path)
    ran = recsys("-w", workspace, "embed", "--json")
    assert (ran.code, ran.json["embedded"], ran.json["embeddings"]) == (0, 1, 46)
    assert ran.json["imported"]["missing"] == 3
    assert new in ran.json["imported"]["missing_first"]
    assert "in place of ours" in ran.json["summary"]
    assert files_of(workspace / "embeddings") == before
    back = recsys("-w", workspace, "import-embeddings", "--remove", "--json").json
    assert (back["songs"], back["missing"]) == (46, 0)


def test_a_song_scanned_later_gets_the_vector_that_the_file_had_for_it(recsys, workspace, clap, ids, tmp_path):
    write_vectors(clap, [*ids[:-2], "New Song.wav"], random_vectors(44, 8))
    assert recsys("-w", workspace, "import-embeddings", clap, "--json").json["unknown"] == 1
    fingerprint = read_embeddings(workspace / "embeddings").fingerprint
    new = add_song(recsys, workspace, tmp_path)
    assert recsys("-w", workspace, "embed", "--json").json["imported"]["unknown"] == 0
    after = read_embeddings(workspace / "embeddings")
    np.testing.assert_array_equal(after.vectors[after.tracks.row(new)], random_vectors(44, 8)[-1])
    assert after.fingerprint == fingerprint


def test_training_leaves_the_imported_vectors_in_use(recsys, workspace, clap):
    recsys("-w", workspace, "import-embeddings", clap)
    before = files_of(workspace / "embeddings")
    tuned = ("--epochs", 1, "--workers", 1, "--set", "body_rate=0.1")  # (a frozen body would leave our vectors as they are)
    ran = recsys("-w", workspace, "train-content", "--label", "mood", *tuned, "--json")
    assert (ran.json["trained"], ran.json["embedded"]) == (True, 45)
    assert "clap are in use in place of ours" in ran.json["summary"]
    assert files_of(workspace / "embeddings") == before
    assert read_embeddings(workspace / "own-embeddings").fingerprint == ran.json["encoder"]


def test_training_beside_changes_our_half_and_the_fingerprint(recsys, workspace, clap):
    recsys("-w", workspace, "import-embeddings", clap, "--beside")
    before = read_embeddings(workspace / "embeddings", mmap=False)
    recsys("-w", workspace, "train-content", "--label", "mood", "--epochs", 1, "--workers", 1)
    after = read_embeddings(workspace / "embeddings", mmap=False)
    assert after.fingerprint != before.fingerprint
    assert (after.vectors[:, :192] != before.vectors[:, :192]).any()
    np.testing.assert_array_equal(after.vectors[:, 192:], before.vectors[:, 192:])


def test_a_changed_file_keeps_the_vector_of_its_track_and_is_told(recsys, world, tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for seed, name in enumerate(("one.wav", "two.wav")):
        sf.write(folder / name, 0.1 * np.random.default_rng(seed).standard_normal(3 * 22050), 22050)
    recsys("-w", tmp_path / "w", "scan", folder)
    vectors = random_vectors(2, 4)
    recsys("-w", tmp_path / "w", "import-embeddings", write_vectors(tmp_path / "v.npy", ["one.wav", "two.wav"], vectors))
    sf.write(folder / "one.wav", 0.1 * np.random.default_rng(9).standard_normal(3 * 22050), 22050)
    recsys("-w", tmp_path / "w", "scan", folder)
    assert recsys("-w", tmp_path / "w", "similar", "one.wav", "--json").json["items"][0]["track_id"] == "two.wav"
    again = recsys("-w", tmp_path / "w", "import-embeddings", tmp_path / "v.npy", "--json").json
    assert again["changed"] == 0  # imported anew: the vector is that of the file as it is now
    from recsys.steps.in_use import lay_again

    sf.write(folder / "two.wav", 0.1 * np.random.default_rng(8).standard_normal(3 * 22050), 22050)
    recsys("-w", tmp_path / "w", "scan", folder)
    opened = open_workspace(tmp_path / "w")
    with opened.catalogue() as catalogue:
        laid = lay_again(opened, catalogue)
    assert laid.changed == ["two.wav"]
    assert "two.wav" in laid.note
    np.testing.assert_array_equal(read_embeddings(tmp_path / "w" / "embeddings").vectors, vectors)


def test_without_an_encoder_and_labels_imported_vectors_do_it_all(recsys, tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for seed in range(3):
        sf.write(folder / f"{seed}.wav", 0.1 * np.random.default_rng(seed).standard_normal(2 * 22050), 22050)
    recsys("-w", tmp_path / "w", "scan", folder)
    file = write_vectors(tmp_path / "v.npy", ["0.wav", "1.wav", "2.wav"], random_vectors(3, 1))
    assert recsys("-w", tmp_path / "w", "import-embeddings", file).code == 0
    assert recsys("-w", tmp_path / "w", "map").code == 0
    ran = recsys("-w", tmp_path / "w", "recommend", "--like", "0.wav", "-k", 1, "--json")
    assert (ran.code, len(ran.json["items"])) == (0, 1)
    back = recsys("-w", tmp_path / "w", "import-embeddings", "--remove", "--json").json
    assert (back["songs"], back["missing"]) == (0, 3)
    assert not (tmp_path / "w" / "embeddings").exists()


def test_a_name_that_says_nothing_is_refused(recsys, workspace, clap):
    ran = recsys("-w", workspace, "import-embeddings", clap, "--name", " ")
    assert ran.code == 1
    assert "who made the vectors" in ran.err


# importing again


def test_a_file_that_only_adds_songs_keeps_the_fingerprint_and_places_them_in_the_model(recsys, workspace, clap, ids, tmp_path):
    recsys("-w", workspace, "import-embeddings", clap)
    recsys("-w", workspace, "train-hybrid")
    old = random_vectors(44, 8)[:43]
    more = write_vectors(tmp_path / "today.npy", [*ids[::-1]], np.vstack([random_vectors(2, 8, seed=1), old[::-1]]))
    before = read_embeddings(workspace / "embeddings").fingerprint
    answer = recsys("-w", workspace, "import-embeddings", more, "--name", "clap", "--json").json
    assert (answer["songs"], answer["fingerprint"]) == (45, before)
    ran = recsys("-w", workspace, "recommend", "--like", ids[-1], "-k", 5, "--json")
    assert (ran.code, {item["source"] for item in ran.json["items"]}) == (0, {"hybrid-likes"})


@pytest.mark.parametrize("change", ["value", "name", "song", "width"])
def test_any_other_file_has_another_fingerprint(recsys, workspace, clap, ids, tmp_path, change):
    first = recsys("-w", workspace, "import-embeddings", clap, "--json").json["fingerprint"]
    vectors, songs = random_vectors(44, 8)[:43].copy(), ids[:-2]
    if change == "value":
        vectors[7, 3] += 1e-3
    elif change == "width":
        vectors = vectors[:, :7]
    elif change == "song":
        vectors, songs = vectors[1:], songs[1:]
    file = write_vectors(tmp_path / "v.npy", songs, vectors)
    name = "other" if change == "name" else "clap"
    assert recsys("-w", workspace, "import-embeddings", file, "--name", name, "--json").json["fingerprint"] != first


def test_importing_the_same_file_again_changes_no_byte(recsys, workspace, clap):
    for options in ((), ("--beside",)):
        recsys("-w", workspace, "import-embeddings", clap, *options)
        before = files_of(workspace / "embeddings") | files_of(workspace / "own-embeddings")
        recsys("-w", workspace, "import-embeddings", clap, *options)
        assert files_of(workspace / "embeddings") | files_of(workspace / "own-embeddings") == before


def test_one_can_change_from_in_place_to_beside_and_back(recsys, workspace, clap):
    in_place = recsys("-w", workspace, "import-embeddings", clap, "--json").json
    beside = recsys("-w", workspace, "import-embeddings", clap, "--beside", "--json").json
    assert (in_place["dimensions"], beside["dimensions"]) == (8, 200)
    assert recsys("-w", workspace, "import-embeddings", clap, "--json").json == in_place


@pytest.mark.parametrize("step", ["write_imported", "write_embeddings"])
def test_a_killed_import_loses_nothing_and_can_be_run_again(recsys, workspace, clap, monkeypatch, step):
    from recsys.steps import imported

    before = files_of(workspace / "embeddings")
    write = getattr(imported, step)

    def killed(where, *rest):
        if step == "write_embeddings" and where == Workspace(workspace).own_embeddings:
            return write(where, *rest)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(imported, step, killed)
        with pytest.raises(KeyboardInterrupt):
            imported.import_embeddings(workspace, clap)
    assert files_of(workspace / "embeddings") == before
    assert imported.import_embeddings(workspace, clap)["songs"] == 43
    assert imported.remove_embeddings(workspace)["songs"] == 45
    assert files_of(workspace / "embeddings") == before


def test_a_killed_removal_can_be_run_again(workspace, clap, monkeypatch):
    from recsys.steps import imported

    before = files_of(workspace / "embeddings")
    imported.import_embeddings(workspace, clap)

    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    for place in ("pathlib.Path.unlink", "shutil.rmtree"):
        with monkeypatch.context() as patch:
            patch.setattr(place, killed)
            with pytest.raises(KeyboardInterrupt):
                imported.remove_embeddings(workspace)
    assert files_of(workspace / "embeddings") == before
    assert imported.import_embeddings(workspace, clap)["songs"] == 43
    imported.remove_embeddings(workspace)
    assert files_of(workspace / "embeddings") == before


def test_damaged_imported_vectors_say_what_to_do_and_can_be_replaced_or_removed(recsys, workspace, clap):
    recsys("-w", workspace, "import-embeddings", clap)
    for command in (("import-embeddings", clap), ("import-embeddings", "--remove")):
        file = workspace / "imported-embeddings" / "vectors.parquet"
        file.write_bytes(b"damaged")
        ran = recsys("-w", workspace, "embed")
        assert ran.code == 1
        assert "import-embeddings --remove" in ran.err
        assert recsys("-w", workspace, *command).code == 0


def test_imported_vectors_of_another_schema_are_refused(recsys, workspace, clap):
    recsys("-w", workspace, "import-embeddings", clap)
    file = workspace / "imported-embeddings" / "vectors.parquet"
    table = pq.read_table(file)
    pq.write_table(table.replace_schema_metadata(table.schema.metadata | {b"schema": b"99"}), file)
    ran = recsys("-w", workspace, "embed")
    assert ran.code == 1
    assert "schema '99'" in ran.err


def test_what_is_stored_comes_back(workspace, clap):
    from recsys.steps import imported

    imported.import_embeddings(workspace, clap, beside=True, name="MERT 95M")
    stored = read_imported(Workspace(workspace).imported)
    assert (stored.name, stored.beside, stored.external.names[-1], stored.hashes[-1]) == ("MERT 95M", True, "later.mp3", "")
    np.testing.assert_array_equal(stored.external.vectors, random_vectors(44, 8))


def test_an_import_deleted_by_hand_brings_ours_back_with_embed(recsys, workspace, clap):
    before = files_of(workspace / "embeddings")
    recsys("-w", workspace, "import-embeddings", clap)
    shutil.rmtree(workspace / "imported-embeddings")
    assert recsys("-w", workspace, "embed").code == 0
    assert files_of(workspace / "embeddings") == before


# evaluation


def test_in_place_no_fold_network_is_trained_and_the_report_says_what_is_not_known(recsys, workspace, clap):
    recsys("-w", workspace, "import-embeddings", clap)
    shutil.rmtree(workspace / "models" / "folds", ignore_errors=True)
    ran = recsys("-w", workspace, "evaluate", "recommenders", "--folds", 2, "--seeds", 1, "--json")
    assert ran.code == 0
    assert {"content", "als", "lightfm", "lightfm-shuffled"} <= {
        row["model"] for row in ran.json["rows"] if row["split"] == "cold"
    }
    assert not (workspace / "models" / "folds").exists()
    note = "Imported vectors clap: whether their maker has heard these songs or labels is not known to us."
    assert ran.json["notes"][0] == note
    assert note in (workspace / "reports" / "report.md").read_text()
    assert note in json.loads((workspace / "reports" / "recommenders.json").read_text())["notes"]


def test_beside_the_fold_networks_make_our_half(recsys, workspace, clap):
    recsys("-w", workspace, "import-embeddings", clap, "--beside")
    ran = recsys("-w", workspace, "evaluate", "recommenders", "--folds", 2, "--seeds", 1, "--json")
    assert ran.code == 0
    assert list((workspace / "models" / "folds").glob("*/*.npz"))
    notes = " ".join(ran.json["notes"])
    assert "Imported vectors clap" in notes
    assert "without the labels of that fold's artists" in notes
    assert {"content", "als", "lightfm"} <= {row["model"] for row in ran.json["rows"] if row["split"] == "cold"}
