"""Walking the frames of an mp3: how many there are, whatever stands before, between and behind them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import RATE, quiet_then_loud, tone, write, write_mp3

from data.mpeg import walk

ID3V2 = b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256)
ID3V1 = b"TAG" + bytes(125)
APE = b"APETAGEX" + bytes(24)


@pytest.fixture(scope="module")
def plain_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds at a constant bit rate, without a length tag."""
    return write_mp3(tmp_path_factory.mktemp("plain") / "a.mp3", tone(3), tagged=False).read_bytes()


@pytest.fixture
def plain(plain_bytes: bytes, tmp_path: Path) -> Path:
    """A file with these bytes."""
    path = tmp_path / "plain.mp3"
    path.write_bytes(plain_bytes)
    return path


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("rate", "per_frame"), [(48000, 1152), (44100, 1152), (32000, 1152), (22050, 576), (8000, 576)])
def test_frames_are_counted_exactly(tmp_path: Path, rate: int, per_frame: int, channels: int) -> None:
    path = write_mp3(tmp_path / "a.mp3", tone(1.5, channels, rate), mode="VARIABLE", tagged=False, rate=rate)
    stream = walk(path)
    assert stream is not None
    assert (stream.sample_rate, stream.samples_per_frame, stream.layer, stream.tag) == (rate, per_frame, 3, None)
    assert stream.seconds == pytest.approx(1.5, abs=0.2 if rate == 8000 else 0.1)
    assert stream.offsets[-1] == path.stat().st_size


@pytest.mark.parametrize(("mode", "constant"), [("CONSTANT", True), ("VARIABLE", False)])
def test_a_constant_bit_rate_is_told_from_a_variable_one(tmp_path: Path, mode: str, constant: bool) -> None:
    stream = walk(write_mp3(tmp_path / "a.mp3", quiet_then_loud(4), mode=mode))
    assert stream is not None
    assert stream.constant is constant


def test_a_length_tag_is_seen_and_does_not_count_as_sound(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", tone(2))
    tagged = walk(path)
    assert tagged is not None
    assert tagged.tag is not None
    assert tagged.tag.frames == tagged.frames
    assert tagged.samples == soundfile.info(path).frames == 2 * RATE
    bare = walk(write_mp3(tmp_path / "b.mp3", tone(2), tagged=False))
    assert bare is not None
    assert bare.frames == tagged.frames


@pytest.mark.parametrize("head", [b"", ID3V2, ID3V2 + ID3V2, ID3V2 + bytes(999)])
@pytest.mark.parametrize("tail", [b"", ID3V1, APE, APE + ID3V1, bytes(500), b"\xff\xfb\x90"])
def test_tags_at_both_ends_are_passed_over(plain: Path, head: bytes, tail: bytes) -> None:
    expected, raw = walk(plain), plain.read_bytes()
    plain.write_bytes(head + raw + tail)
    found = walk(plain)
    assert expected is not None
    assert found is not None
    assert found.frames == expected.frames
    assert (found.offsets[0], found.offsets[-1]) == (len(head), len(head) + len(raw))


def test_junk_between_frames_is_passed_over(plain: Path) -> None:
    expected, raw = walk(plain), plain.read_bytes()
    assert expected is not None
    noise = np.random.default_rng(0).bytes(3000)
    middle = raw.find(raw[:3], len(raw) // 2)
    plain.write_bytes(raw[:middle] + noise + raw[middle:])
    found = walk(plain)
    assert found is not None
    assert abs(found.frames - expected.frames) <= 1


def test_a_cut_last_frame_does_not_count(plain: Path) -> None:
    expected, raw = walk(plain), plain.read_bytes()
    plain.write_bytes(raw[:-20])
    found = walk(plain)
    assert expected is not None
    assert found is not None
    assert found.frames == expected.frames - 1


def test_of_free_format_nothing_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes((b"\xff\xfb\x00\x44" + bytes(400)) * 20)
    assert walk(path) is None


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_other_formats_are_no_mpeg_audio(tmp_path: Path, suffix: str) -> None:
    assert walk(write(tmp_path / f"a.{suffix}", tone(1))) is None


def test_a_flac_behind_an_id3_tag_is_no_mpeg_audio(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", tone(2))
    path.write_bytes(ID3V2 + path.read_bytes())
    assert walk(path) is None


@pytest.mark.parametrize("content", [b"", b"ID3", b"\xff", b"\xff\xfb\x90\x00", ID3V2, b"\xff\xfb" + bytes(5000)])
def test_what_has_no_frames_gives_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    assert walk(path) is None


def test_the_clips_of_the_real_set_are_as_long_as_libsndfile_reads(datasets: Path) -> None:
    for path in sorted(datasets.glob("moods4q/audio/*.mp3"))[::100]:
        stream = walk(path)
        assert stream is not None
        if stream.tag is None:
            assert stream.samples == len(soundfile.read(path, dtype="float32")[0])


def test_the_rate_of_a_walk_is_that_of_the_file(plain: Path) -> None:
    stream = walk(plain)
    assert stream is not None
    assert stream.sample_rate == RATE
