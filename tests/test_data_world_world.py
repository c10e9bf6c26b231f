"""The composed world as files: sound, tags, tables, and folders that are begun, done or somebody else's."""

from __future__ import annotations

import csv
import json
from io import BytesIO
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from tinytag import TinyTag

from data.errors import InputError
from data.files import hash_file
from data.world.catalogue import catalogue
from data.world.mp3 import encode_mp3, id3_header
from data.world.render import midi_bytes, render
from data.world.score import compose
from data.world.spec import GENRES, SCORE, WorldSpec
from data.world.world import compose_world, song_mp3

SPEC = WorldSpec(songs=9, listeners=6, seconds=1.5)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A small world, and the progress that was reported while it was composed."""
    folder, calls = tmp_path_factory.mktemp("worlds") / "a", []
    summary = compose_world(folder, SPEC, workers=1, progress=lambda done, total: calls.append((done, total)))
    return folder, summary, calls


def _hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hash_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_gives_the_same_bytes_with_two_workers(world, tmp_path):
    compose_world(tmp_path / "b", SPEC, workers=2)
    assert _hashes(tmp_path / "b") == _hashes(world[0])


def test_another_seed_gives_another_sound():
    other = WorldSpec(songs=9, listeners=6, seconds=1.5, seed=1)
    assert song_mp3(catalogue(other)[0], other) != song_mp3(catalogue(SPEC)[0], SPEC)


def test_progress_is_reported_after_each_song(world):
    assert world[2] == [(done, 9) for done in range(1, 10)]


def test_the_summary_counts_what_was_made(world):
    summary = world[1]
    assert (summary.songs, summary.artists, summary.listeners, summary.kept) == (9, 9, 6, 0)
    assert summary.listens == len(_rows(world[0] / "listens.csv"))


def test_nothing_but_the_world_stands_in_the_folder(world):
    names = {path.name for path in world[0].iterdir()}
    assert names == {"audio", "tracks.csv", "listens.csv", "world.json"}
    assert {path.name for path in (world[0] / "audio").iterdir()} == set(GENRES)


def test_world_json_says_that_the_world_is_composed(world):
    record = json.loads((world[0] / "world.json").read_text(encoding="utf-8"))
    assert record["composed"] is True
    assert "composed by a program" in record["notice"]
    assert record["spec"] == SPEC.as_dict()
    assert record["fingerprint"] == world[1].fingerprint


def test_tracks_csv_names_files_that_exist_with_genre_and_mood(world):
    rows = _rows(world[0] / "tracks.csv")
    assert list(rows[0]) == ["track_id", "path", "artist", "title", "album", "genre", "mood"]
    assert all((world[0] / row["path"]).is_file() for row in rows)
    assert all(Path(row["path"]).parts == ("audio", row["genre"], f"{row['artist']} - {row['title']}.mp3") for row in rows)
    assert {row["mood"] for row in rows} <= {"Q1", "Q2", "Q3", "Q4"}


def test_listens_csv_names_songs_of_the_catalogue(world):
    ids = {row["track_id"] for row in _rows(world[0] / "tracks.csv")}
    rows = _rows(world[0] / "listens.csv")
    assert {row["track_id"] for row in rows} <= ids
    assert all(int(row["plays"]) >= 1 and int(row["time"]) > 1_700_000_000 for row in rows)


def test_tags_read_back_as_written(world):
    for row in _rows(world[0] / "tracks.csv"):
        tag = TinyTag.get(world[0] / row["path"])
        assert (tag.artist, tag.title, tag.album, tag.genre) == (row["artist"], row["title"], row["album"], row["genre"])
        assert "composed by a program" in tag.comment


def test_tags_hold_any_letters_and_long_texts(tmp_path):
    path = tmp_path / "x.mp3"
    path.write_bytes(id3_header({"TPE1": "Größe 東京", "TIT2": "x" * 300}) + encode_mp3(np.zeros((4410, 2), np.float32), 44_100))
    tag = TinyTag.get(path)
    assert (tag.artist, tag.title) == ("Größe 東京", "x" * 300)


def _frames(mp3: bytes) -> list[tuple[int, int, bool]]:
    """(bit rate, sample rate, stereo) of every MPEG-1 layer III frame; ISO 11172-3, section 2.4.1.3."""
    rates = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    at = 10 + (mp3[6] << 21 | mp3[7] << 14 | mp3[8] << 7 | mp3[9])  # behind the ID3 header
    frames = []
    while at < len(mp3):
        assert mp3[at] == 0xFF
        assert mp3[at + 1] & 0xFE == 0xFA
        rate, sample_rate = rates[mp3[at + 2] >> 4], (44_100, 48_000, 32_000)[mp3[at + 2] >> 2 & 3]
        frames.append((rate, sample_rate, mp3[at + 3] >> 6 != 3))
        at += 144_000 * rate // sample_rate + (mp3[at + 2] >> 1 & 1)
    return frames


def test_every_frame_is_stereo_at_128_kilobits_and_44100_hertz(world):
    for path in world[0].rglob("*.mp3"):
        assert set(_frames(path.read_bytes())) == {(128, 44_100, True)}


def test_clips_last_as_long_as_asked(world):
    for path in world[0].rglob("*.mp3"):
        sound, rate = soundfile.read(path)
        assert sound.shape[1] == 2
        assert SPEC.seconds <= len(sound) / rate < SPEC.seconds + 0.11  # the encoder pads by less than four frames


def test_no_clip_is_silent_or_clipped(world):
    for path in world[0].rglob("*.mp3"):
        sound, _ = soundfile.read(path)
        assert 0.1 < np.abs(sound).max() < 1.0
        assert np.sqrt(np.mean(sound**2)) > 0.01


def test_left_and_right_differ(world):
    assert all(np.abs(np.diff(soundfile.read(path)[0], axis=1)).max() > 0.01 for path in world[0].rglob("*.mp3"))


def test_a_rendered_clip_has_the_exact_length_and_the_asked_peak():
    song = catalogue(SPEC)[3]
    sound = render(song.style, compose(song.style, 2.0, SPEC.rng(SCORE, 3)), 2.0)
    assert sound.shape == (88_200, 2)
    assert sound.dtype == np.float32
    assert np.abs(sound).max() == pytest.approx(10 ** (song.style.level / 20), rel=1e-4)


def test_the_midi_file_holds_the_tempo_and_notes_in_time():
    song = catalogue(SPEC)[0]
    midi = mido.MidiFile(file=BytesIO(midi_bytes(compose(song.style, 3.0, SPEC.rng(SCORE, 0)), song.style.tempo, 3.0)))
    tempo = next(message.tempo for message in midi.tracks[0] if message.type == "set_tempo")
    assert mido.tempo2bpm(tempo) == pytest.approx(song.style.tempo, rel=1e-4)
    assert 3.0 < midi.length < 3.5
    assert sum(message.type == "note_on" for message in midi.tracks[0]) > 10


def test_a_world_that_is_done_is_kept_as_it_is(world):
    folder = world[0]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.mp3")}
    assert compose_world(folder, SPEC, workers=1).kept == 9
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.mp3")} == before


def test_an_interrupted_world_is_finished_and_equals_an_unbroken_one(world, tmp_path):
    folder = tmp_path / "c"

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compose_world(folder, SPEC, workers=1, progress=stop)
    assert not (folder / "world.json").exists()
    left_over = next(folder.rglob("*.mp3")).with_name(".half.mp3.123.tmp")
    left_over.write_bytes(b"half")
    assert compose_world(folder, SPEC, workers=1).kept == 4
    assert _hashes(folder) == _hashes(world[0])


def test_a_folder_of_another_world_is_refused(world):
    with pytest.raises(InputError, match="another composed world"):
        compose_world(world[0], WorldSpec(songs=9, listeners=6, seconds=1.5, seed=5), workers=1)


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "my song.mp3").write_bytes(b"precious")
    with pytest.raises(InputError, match="no composed world"):
        compose_world(tmp_path, SPEC, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["my song.mp3"]


def test_a_world_needs_a_worker(tmp_path):
    with pytest.raises(InputError, match="workers=0"):
        compose_world(tmp_path / "d", SPEC, workers=0)
