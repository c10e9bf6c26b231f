"""Files that are whole or absent."""

import errno
import json

import pytest

from data.errors import InputError
from data.files import atomic_path, fingerprint, hash_file, read_json, write_json, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail():
        with atomic_path(path) as temporary:
            temporary.write_text("half of the n")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EDQUOT, "disk-full"),
        (errno.EFBIG, "disk-full"),
        (errno.EACCES, "unwritable"),
        (errno.EROFS, "unwritable"),
    ],
)
def test_a_disk_that_takes_no_more_is_one_clear_error(tmp_path, number, code):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail():
        with atomic_path(path):
            raise OSError(number, "the disk says no")

    with pytest.raises(InputError, match=r"a\.txt") as caught:
        fail()
    assert caught.value.code == code
    assert path.read_text() == "old"


@pytest.mark.parametrize("place", ["folder", "file/a.txt", "file/deeper/a.txt", "x" * 300, "x" * 300 + "/a.txt", "/"])
def test_a_place_that_no_file_can_have_is_one_clear_error(tmp_path, place):
    (tmp_path / "folder" / "full").mkdir(parents=True)
    (tmp_path / "file").write_text("old")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="cannot write") as caught:
        write_text(tmp_path / place, "new")
    assert caught.value.code == "unwritable"
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "old"


def test_a_disk_that_is_full_only_when_flushed_is_an_error_too(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("data.files.os.fsync", full)
    with pytest.raises(InputError, match="no space left"):
        write_text(tmp_path / "a.txt", "new")
    assert list(tmp_path.iterdir()) == []


def test_other_system_errors_keep_their_traceback(tmp_path):
    def fail():
        with atomic_path(tmp_path / "a.txt"):
            raise OSError(errno.EIO, "broken disk")

    with pytest.raises(OSError, match="broken disk"):
        fail()


def test_json_survives_with_its_letters(tmp_path):
    value = {"title": "Björk – Jóga 日本", "n": [1, 2.5, None]}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value
    assert "日本" in (tmp_path / "a.json").read_text(encoding="utf-8")


def test_nan_is_no_json_and_leaves_the_old_file(tmp_path):
    write_json(tmp_path / "a.json", {"n": 1})
    with pytest.raises(ValueError, match="Out of range"):
        write_json(tmp_path / "a.json", {"n": float("nan")})
    assert read_json(tmp_path / "a.json") == {"n": 1}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "missing"),
        (b"{", "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[1]", "damaged"),
        (b'{"schema": 2}', "schema"),
        (b"{}", "schema"),
    ],
)
def test_a_json_file_that_cannot_be_used_says_why(tmp_path, text, code):
    if text is not None:
        (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(InputError, match=r"a\.json") as caught:
        read_json(tmp_path / "a.json", schema=1)
    assert caught.value.code == code


def test_a_fingerprint_does_not_depend_on_the_order_of_members():
    assert fingerprint({"a": 1, "b": 2}, "x") == fingerprint({"b": 2, "a": 1}, "x")
    assert len(fingerprint()) == 16


def test_a_fingerprint_tells_neighbouring_values_apart():
    assert len({fingerprint("ab", "c"), fingerprint("a", "bc"), fingerprint("abc"), fingerprint(1), fingerprint("1")}) == 5


def test_a_files_hash_is_that_of_its_bytes(tmp_path):
    first, second, third = (tmp_path / name for name in "abc")
    first.write_bytes(b"music")
    second.write_bytes(b"music")
    third.write_bytes(b"musik")
    assert hash_file(first) == hash_file(second) != hash_file(third)
    assert len(hash_file(first)) == 32


def test_the_written_file_ends_in_a_newline_and_is_readable_json(tmp_path):
    write_json(tmp_path / "a.json", {"a": 1})
    text = (tmp_path / "a.json").read_text()
    assert text.endswith("\n")
    assert json.loads(text) == {"a": 1}


def test_an_array_that_the_disk_takes_only_in_part_is_a_full_disk(tmp_path):
    def fail():
        with atomic_path(tmp_path / "a.npy"):
            raise OSError("36864 requested and 13280 written")  # numpy's words, without a number

    with pytest.raises(InputError, match="no space left"):
        fail()


@pytest.mark.parametrize("text", ['{"schema":' + "[" * 100_000, '{"schema":' + "1" * 5000 + "}", "{", ""])
def test_text_that_is_no_json_however_absurd_is_damaged(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match="no valid JSON") as caught:
        read_json(tmp_path / "a.json")
    assert caught.value.code == "damaged"
