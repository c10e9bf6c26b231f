"""Song embeddings: aligned, written, read, never mixed or half read."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from data.embeddings import SongEmbeddings, read_embeddings, write_embeddings
from data.errors import InputError
from data.files import read_json, write_json
from data.ids import IdMap


def embeddings_of(n=4, d=192, fingerprint="abc"):
    vectors = np.random.default_rng(n).normal(size=(n, d)).astype(np.float32)
    return SongEmbeddings(IdMap(tuple(f"s{i}" for i in range(n)), "track"), vectors, fingerprint)


def array_of(folder):
    (array,) = folder.glob("embeddings-*.npy")
    return array


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize("n", [0, 4])
def test_write_then_read_is_the_identity(tmp_path, mmap, n):
    embeddings = embeddings_of(n)
    write_embeddings(tmp_path, embeddings)
    back = read_embeddings(tmp_path, mmap=mmap)
    assert (back.tracks, back.fingerprint) == (embeddings.tracks, embeddings.fingerprint)
    np.testing.assert_array_equal(back.vectors, embeddings.vectors)


def test_reading_maps_the_file_into_memory(tmp_path):
    write_embeddings(tmp_path, embeddings_of())
    assert isinstance(read_embeddings(tmp_path).vectors, np.memmap)


def test_the_parquet_file_holds_the_same_vectors(tmp_path):
    embeddings = embeddings_of()
    write_embeddings(tmp_path, embeddings)
    table = pq.read_table(tmp_path / "embeddings.parquet")
    assert table.column_names == ["track_id", "embedding"]
    assert table["track_id"].to_pylist() == list(embeddings.tracks.ids)
    np.testing.assert_array_equal(np.array(table["embedding"].to_pylist(), np.float32), embeddings.vectors)
    assert table.schema.metadata[b"fingerprint"] == b"abc"


def test_aligned_vectors_follow_another_order_and_say_which_are_known():
    embeddings = embeddings_of()
    vectors, known = embeddings.aligned(IdMap(("s2", "new", "s0")))
    np.testing.assert_array_equal(vectors, [embeddings.vectors[2], np.zeros(192), embeddings.vectors[0]])
    assert known.tolist() == [True, False, True]


@pytest.mark.parametrize("step", ["pyarrow.parquet.write_table", "numpy.save", "data.embeddings.write_json"])
def test_a_write_that_was_killed_half_way_leaves_the_old_vectors(tmp_path, monkeypatch, step):
    old, new = embeddings_of(fingerprint="old"), embeddings_of(5, fingerprint="new")
    write_embeddings(tmp_path, old)

    def killed(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(step, killed)
        with pytest.raises(KeyboardInterrupt):
            write_embeddings(tmp_path, new)
    back = read_embeddings(tmp_path)
    assert (back.tracks, back.fingerprint) == (old.tracks, "old")
    np.testing.assert_array_equal(back.vectors, old.vectors)
    assert not list(tmp_path.glob("*.tmp"))
    write_embeddings(tmp_path, new)
    assert read_embeddings(tmp_path).fingerprint == "new"
    assert len(list(tmp_path.iterdir())) == 3


def test_vectors_that_are_mapped_stay_when_others_are_written(tmp_path):
    old = embeddings_of()
    write_embeddings(tmp_path, old)
    mapped = read_embeddings(tmp_path)
    write_embeddings(tmp_path, embeddings_of(5))
    np.testing.assert_array_equal(mapped.vectors, old.vectors)


def test_a_reader_that_a_writer_overtakes_gets_the_new_ids_with_the_new_vectors(tmp_path, monkeypatch):
    new = embeddings_of(5, fingerprint="new")
    write_embeddings(tmp_path, embeddings_of(fingerprint="old"))
    load, calls = np.load, []

    def overtaken(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 1:
            write_embeddings(tmp_path, new)
        return load(*arguments, **options)

    monkeypatch.setattr(np, "load", overtaken)
    back = read_embeddings(tmp_path)
    assert (back.tracks, back.fingerprint, len(calls)) == (new.tracks, "new", 2)
    np.testing.assert_array_equal(back.vectors, new.vectors)


def test_an_array_that_is_gone_is_named(tmp_path):
    write_embeddings(tmp_path, embeddings_of())
    array = array_of(tmp_path)
    array.unlink()
    with pytest.raises(InputError, match=array.name) as caught:
        read_embeddings(tmp_path)
    assert caught.value.code == "damaged"


@pytest.mark.parametrize(
    "change", [{"array": None}, {"array": "../embeddings.npy"}, {"tracks": 3}, {"sources": None}, {"fingerprint": 1}]
)
def test_an_incomplete_json_file_is_refused(tmp_path, change):
    write_embeddings(tmp_path, embeddings_of())
    write_json(tmp_path / "embeddings.json", read_json(tmp_path / "embeddings.json") | change)
    with pytest.raises(InputError, match="incomplete") as caught:
        read_embeddings(tmp_path)
    assert caught.value.code == "damaged"


def test_the_same_vectors_have_the_same_files_and_others_do_not(tmp_path):
    names = set()
    for embeddings in (embeddings_of(), embeddings_of(), embeddings_of(fingerprint="other"), embeddings_of(5)):
        write_embeddings(tmp_path, embeddings)
        names.add(array_of(tmp_path).name)
    assert len(names) == 3


def test_reading_does_not_look_at_every_vector(tmp_path, monkeypatch):
    write_embeddings(tmp_path, embeddings_of())
    monkeypatch.setattr(np, "isfinite", lambda array: pytest.fail("all vectors were read"))
    assert len(read_embeddings(tmp_path).tracks) == 4


def test_vectors_that_are_not_finite_are_not_written(tmp_path):
    write_embeddings(tmp_path, embeddings_of())
    vectors = np.lib.format.open_memmap(tmp_path / "bad.npy", "w+", np.float32, (1, 3))
    vectors[:] = np.inf
    with pytest.raises(InputError, match="finite"):
        write_embeddings(tmp_path, SongEmbeddings(IdMap(("a",)), vectors, "abc"))
    assert len(read_embeddings(tmp_path).tracks) == 4


@pytest.mark.parametrize("keep", [0, 20, 1000])
def test_a_truncated_array_is_refused(tmp_path, keep):
    write_embeddings(tmp_path, embeddings_of())
    array = array_of(tmp_path)
    array.write_bytes(array.read_bytes()[:keep])
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_embeddings(tmp_path)
    assert caught.value.code == "damaged"


def test_an_array_of_another_number_of_songs_is_refused(tmp_path):
    write_embeddings(tmp_path, embeddings_of(4))
    np.save(array_of(tmp_path), embeddings_of(3).vectors)
    with pytest.raises(InputError, match="must be"):
        read_embeddings(tmp_path)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros((2, 3), np.float64), "float32"),
        (np.zeros((3, 3), np.float32), "must be"),
        (np.full((2, 3), np.nan, np.float32), "finite"),
    ],
)
def test_malformed_vectors_are_refused(vectors, message):
    with pytest.raises(InputError, match=message):
        SongEmbeddings(IdMap(("a", "b")), vectors, "abc")
