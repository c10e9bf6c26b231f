"""Song embeddings: aligned, written, read, never mixed or half read."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from data.embeddings import SongEmbeddings, read_embeddings, write_embeddings
from data.errors import InputError
from data.ids import IdMap


def embeddings_of(n=4, d=192, fingerprint="abc"):
    vectors = np.random.default_rng(n).normal(size=(n, d)).astype(np.float32)
    return SongEmbeddings(IdMap(tuple(f"s{i}" for i in range(n)), "track"), vectors, fingerprint)


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
def test_a_write_that_was_killed_half_way_is_never_read(tmp_path, monkeypatch, step):
    write_embeddings(tmp_path, embeddings_of(fingerprint="old"))

    def killed(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(step, killed)
    with pytest.raises(KeyboardInterrupt):
        write_embeddings(tmp_path, embeddings_of(5, fingerprint="new"))
    with pytest.raises(InputError, match="does not exist"):
        read_embeddings(tmp_path)
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("keep", [0, 20, 1000])
def test_a_truncated_array_is_refused(tmp_path, keep):
    write_embeddings(tmp_path, embeddings_of())
    array = tmp_path / "embeddings.npy"
    array.write_bytes(array.read_bytes()[:keep])
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_embeddings(tmp_path)
    assert caught.value.code == "damaged"


def test_an_array_of_another_number_of_songs_is_refused(tmp_path):
    write_embeddings(tmp_path, embeddings_of(4))
    np.save(tmp_path / "embeddings.npy", embeddings_of(3).vectors)
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
