"""Vector files of other programs: what is read, and the one line for each thing that is wrong."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from vectors import random_vectors, write_vectors

from data.errors import InputError
from data.external_file import read_external_vectors

IDS = ["a", "b", "c"]


def parquet(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def refused(path, *words):
    with pytest.raises(InputError) as caught:
        read_external_vectors(path)
    line = str(caught.value)
    assert caught.value.code == "vectors-file"
    assert "\n" not in line
    for word in (path.name.rsplit(".", 1)[0], *words):
        assert word in line, line


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("width", [1, 5])
@pytest.mark.parametrize("suffix", ["parquet", "npy"])
def test_every_float_type_and_width_is_read_as_float32(tmp_path, kind, width, suffix):
    vectors = random_vectors(3, width).astype(np.float16)
    stored = vectors.astype(kind if suffix == "npy" else np.dtype(kind).newbyteorder("="))
    read = read_external_vectors(write_vectors(tmp_path / f"v.{suffix}", IDS, stored))
    assert (read.key, read.names, read.vectors.dtype) == ("track_id", tuple(IDS), np.float32)
    np.testing.assert_array_equal(read.vectors, vectors.astype(np.float32))


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.float32()),
        pa.large_list(pa.float64()),
        pa.list_(pa.float32(), 2),
        pa.list_(pa.float16()),
        pa.fixed_shape_tensor(pa.float32(), (2,)),
    ],
    ids=str,
)
def test_every_kind_of_list_is_read(tmp_path, kind):
    storage = kind.storage_type if isinstance(kind, pa.ExtensionType) else kind
    column = pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.float32())).cast(storage)
    if storage is not kind:
        column = pa.ExtensionArray.from_storage(kind, column)
    read = read_external_vectors(parquet(tmp_path / "v.parquet", title=["x", "y", "z"], track_id=IDS, anything=column))
    np.testing.assert_array_equal(read.vectors, [[1, 2], [3, 4], [5, 6]])


def test_a_column_a_dimension_is_read_in_the_files_order(tmp_path):
    path = parquet(
        tmp_path / "v.parquet", d1=[1.0, 2.0], track_id=["b", "a"], artist=["x", "y"], d0=pa.array([3, 4], pa.float32())
    )
    read = read_external_vectors(path)
    assert read.names == ("b", "a")
    np.testing.assert_array_equal(read.vectors, [[1, 3], [2, 4]])


def test_several_row_groups_are_one_file(tmp_path):
    vectors = random_vectors(7, 3)
    table = pa.table({"track_id": [str(i) for i in range(7)], "v": list(vectors)})
    pq.write_table(table, tmp_path / "v.parquet", row_group_size=2)
    np.testing.assert_array_equal(read_external_vectors(tmp_path / "v.parquet").vectors, vectors)


def test_ids_may_be_whole_numbers_or_categories(tmp_path):
    numbers = read_external_vectors(parquet(tmp_path / "n.parquet", track_id=[7, 12], v=[[1.0], [2.0]]))
    assert numbers.names == ("7", "12")
    text = pa.array(["a", "b"]).dictionary_encode()
    assert read_external_vectors(parquet(tmp_path / "c.parquet", track_id=text, v=[[1.0], [2.0]])).names == ("a", "b")


@pytest.mark.parametrize("suffix", ["parquet", "npy"])
def test_paths_can_name_songs(tmp_path, suffix):
    read = read_external_vectors(write_vectors(tmp_path / f"v.{suffix}", IDS, random_vectors(3, 2), key="path"))
    assert (read.key, read.names) == ("path", tuple(IDS))


def test_a_csv_may_lack_its_heading_and_quote_its_ids(tmp_path):
    np.save(tmp_path / "v.npy", random_vectors(2, 2))
    (tmp_path / "v.csv").write_text('"one, two.mp3"\nthree.mp3\n', encoding="utf-8")
    assert read_external_vectors(tmp_path / "v.npy").names == ("one, two.mp3", "three.mp3")


def with_row(row, value):
    vectors = np.ones((3, 2))
    vectors[row] = value
    return vectors


@pytest.mark.parametrize("suffix", ["parquet", "npy"])
@pytest.mark.parametrize(
    ("ids", "vectors", "words"),
    [
        (["a", "b", "a"], np.ones((3, 2)), ("'a'", "twice", "rows 1 and 3")),
        (["a", "", "c"], np.ones((3, 2)), ("empty track_id", "row 2")),
        (IDS, with_row(1, np.nan), ("row 2", "'b'", "not finite")),
        (IDS, with_row(2, -np.inf), ("row 3", "'c'", "not finite")),
        (IDS, with_row(2, 1e300), ("row 3", "'c'", "float32")),
        (IDS, with_row(0, 0.0), ("row 1", "'a'", "all zeros")),
        (IDS, with_row(0, 1e-300), ("row 1", "'a'", "all zeros")),
        ([], np.ones((0, 2), np.float32), ("no ",)),
    ],
)
def test_rows_that_cannot_be_used_are_named(tmp_path, suffix, ids, vectors, words):
    path = tmp_path / f"v.{suffix}"
    if not ids and suffix == "parquet":
        parquet(path, track_id=pa.array([], pa.string()), v=pa.array([], pa.list_(pa.float32())))
    else:
        write_vectors(path, ids, vectors)
    if "" in ids and suffix == "npy":  # a line that is quite empty is no line; a quoted one is
        path.with_suffix(".csv").write_text('track_id\na\n""\nc\n')
    refused(path, *words)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ([[1.0, 2.0], [3.0], [4.0, 5.0]], ("row 2", "'b'", "1 numbers", "row 1 has 2")),
        ([[1.0, 2.0], None, [4.0, 5.0]], ("row 2", "'b'", "no vector")),
        ([[1.0, 2.0], [3.0, 4.0], [None, 5.0]], ("row 3", "'c'", "lacks a number")),
        ([[], [], []], ("no vectors",)),
        ([[1, 2], [3, 4], [5, 6]], ("int64", "float32")),
        ([["x"], ["y"], ["z"]], ("string", "float32")),
        ([[[1.0]], [[2.0]], [[3.0]]], ("list", "float32")),
        (["x", "y", "z"], ("no column of vectors",)),
        ([1, 2, 3], ("int64", "float32")),
        ([1.0, None, 3.0], ("row 2", "'b'", "lacks a number")),
    ],
)
def test_columns_that_are_no_vectors_are_refused(tmp_path, column, words):
    kind = pa.list_(pa.float32()) if column == [[], [], []] else None
    refused(parquet(tmp_path / "v.parquet", track_id=IDS, v=pa.array(column, kind)), *words)


def test_two_columns_of_lists_are_one_too_many(tmp_path):
    refused(parquet(tmp_path / "v.parquet", track_id=IDS, clap=[[1.0]] * 3, mert=[[2.0]] * 3), "clap, mert")


def test_a_file_without_ids_lists_its_columns(tmp_path):
    refused(parquet(tmp_path / "v.parquet", song=IDS, v=[[1.0]] * 3), "track_id", "song, v")


def test_ids_that_are_no_text_are_refused(tmp_path):
    refused(parquet(tmp_path / "v.parquet", track_id=[1.5, 2.5], v=[[1.0]] * 2), "track_id", "text")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones((3, 2), np.int32), ("int32", "float32")),
        (np.ones((3, 2), bool), ("bool",)),
        (np.ones((3, 2), np.complex64), ("complex64",)),
        (np.array(IDS), ("U1",)),
        (np.ones(3), ("(3,)", "songs, dimensions")),
        (np.ones((3, 2, 2)), ("(3, 2, 2)",)),
        (np.ones((3, 0)), ("no vectors",)),
    ],
)
def test_arrays_that_are_no_vectors_are_refused(tmp_path, array, words):
    refused(write_vectors(tmp_path / "v.npy", IDS, array), *words)


def test_pickled_arrays_are_refused_and_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was run",))

    np.save(tmp_path / "v.npy", np.array([Trap()] * 3, object), allow_pickle=True)
    refused(tmp_path / "v.npy", "pickled")


def test_an_archive_under_an_arrays_name_is_refused(tmp_path):
    with (tmp_path / "v.npy").open("wb") as file:
        np.savez(file, v=np.ones((3, 2)))
    refused(tmp_path / "v.npy", "archive")


@pytest.mark.parametrize("suffix", ["parquet", "npy"])
@pytest.mark.parametrize("content", [b"", b"this is no vector file at all, but a shopping list"])
def test_files_of_another_kind_are_refused(tmp_path, suffix, content):
    (tmp_path / f"v.{suffix}").write_bytes(content)
    refused(tmp_path / f"v.{suffix}", "cannot be read")


def test_a_truncated_file_is_refused(tmp_path):
    for suffix in ("parquet", "npy"):
        path = write_vectors(tmp_path / f"v.{suffix}", IDS, random_vectors(3, 50))
        path.write_bytes(path.read_bytes()[:-40])
        refused(path, "cannot be read")


def test_a_missing_csv_is_named(tmp_path):
    np.save(tmp_path / "v.npy", np.ones((3, 2)))
    refused(tmp_path / "v.npy", "v.csv", "beside")


@pytest.mark.parametrize("lines", ["track_id\na\nb\n", "a\nb\nc\nd\n", "id\na\nb\nc\n", ""])
def test_a_csv_of_another_length_is_refused(tmp_path, lines):
    np.save(tmp_path / "v.npy", np.ones((3, 2)))
    (tmp_path / "v.csv").write_text(lines)
    refused(tmp_path / "v.npy", "3 rows", "track_id")


def test_a_csv_that_is_no_text_is_refused(tmp_path):
    np.save(tmp_path / "v.npy", np.ones((3, 2)))
    (tmp_path / "v.csv").write_bytes(b"\xff\xfe\x00a")
    refused(tmp_path / "v.csv".replace(".csv", ".npy"), "v.csv", "cannot be read")


@pytest.mark.parametrize("name", ["v.csv", "v.npz", "v"])
def test_other_suffixes_are_refused(tmp_path, name):
    refused(tmp_path / name, ".parquet or .npy")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    refused(tmp_path / "v.parquet", "does not exist")
    (tmp_path / "w.npy").mkdir()
    refused(tmp_path / "w.npy", "is no file")


def test_one_vector_for_all_songs_is_refused(tmp_path):
    np.save(tmp_path / "v.npy", np.ones((3, 4), np.float32))
    (tmp_path / "v.csv").write_text("a\nb\nc\n", encoding="utf-8")
    refused(tmp_path / "v.npy", "3 times the same vector")


def test_a_parquet_file_named_npy_is_not_advised_to_be_unpickled(tmp_path):
    (tmp_path / "v.npy").write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    (tmp_path / "v.csv").write_text("a\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_external_vectors(tmp_path / "v.npy")
    assert "another format" in str(caught.value)
    assert "allow_pickle" not in str(caught.value)
