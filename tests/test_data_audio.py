"""Decoding and probing: every format, every way in which a file can be broken."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from sounds import RATE, damaged, quiet_then_loud, tone, without_length_tag, write, write_mp3

from data import ffmpeg, libsndfile
from data.audio import probe, read_audio
from data.errors import InputError
from data.mpeg import walk


def write_av(path: Path, codec: str, seconds: float = 4.0) -> Path:
    samples = tone(seconds)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.layout = "stereo"
        kind = {"aac": "fltp", "alac": "s16p"}[codec]
        for at in range(0, len(samples), 1024):
            block = np.ascontiguousarray(samples[at : at + 1024].T)
            if kind == "s16p":
                block = (block * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(block, format=kind, layout="stereo")
            frame.rate, frame.pts = RATE, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def code(function, path: Path) -> str:
    with pytest.raises(InputError) as caught:
        function(path)
    assert str(path) in caught.value.message
    return caught.value.code


@pytest.mark.parametrize("suffix", ["mp3", "flac", "ogg", "wav", "aiff", "au"])
def test_libsndfile_formats_are_read_whole(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a.{suffix}", tone(3))
    audio, look = read_audio(path), probe(path)
    assert audio.samples.shape == (3 * RATE, 2)
    assert audio.samples.dtype == np.float32
    assert audio.shortfall_s == look.shortfall_s == 0
    assert look.duration_s == pytest.approx(3, abs=0.01)
    assert (look.sample_rate, look.channels) == (RATE, 2)


def test_opus_is_read(tmp_path: Path) -> None:
    assert len(read_audio(write(tmp_path / "a.opus", tone(2, rate=48000), 48000)).samples) == 96000


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("b.m4a", "alac"), ("c.aac", "aac")])
def test_formats_that_only_ffmpeg_knows_are_read_without_a_gain(tmp_path: Path, name: str, codec: str) -> None:
    path = write_av(tmp_path / name, codec)
    audio = read_audio(path)
    assert len(audio.samples) / RATE == pytest.approx(4, abs=0.1)
    expected = float(np.sqrt((tone(4) ** 2).mean()))
    assert float(np.sqrt((audio.samples**2).mean())) == pytest.approx(expected, rel=0.03)
    assert probe(path).duration_s == pytest.approx(4, abs=0.1)


def test_a_window_is_the_same_as_the_slice_of_the_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", tone(3))
    window = read_audio(path, start_s=1.0, seconds=0.5)
    np.testing.assert_array_equal(window.samples, read_audio(path).samples[RATE : RATE + RATE // 2])
    assert window.shortfall_s == 0
    assert window.declared_seconds == 3


def test_a_window_of_an_ffmpeg_format_is_the_slice_of_the_whole(tmp_path: Path) -> None:
    path = write_av(tmp_path / "a.m4a", "aac")
    window = read_audio(path, start_s=1.0, seconds=0.5)
    np.testing.assert_array_equal(window.samples, read_audio(path).samples[RATE : RATE + RATE // 2])


def test_an_mp3_without_a_length_tag_is_read_whole(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", quiet_then_loud(16), mode="VARIABLE", tagged=False)
    with soundfile.SoundFile(path) as file:
        assert file.frames < 0.8 * 16 * RATE  # what libsndfile alone would give
    assert len(read_audio(path).samples) / RATE == pytest.approx(16, abs=0.1)
    assert probe(path).duration_s == pytest.approx(16, abs=0.1)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 22050, 44100])
def test_without_a_length_tag_libsndfile_gives_what_ffmpeg_gives(tmp_path: Path, rate: int, channels: int) -> None:
    path = write_mp3(tmp_path / "a.mp3", quiet_then_loud(4, channels), mode="VARIABLE", tagged=False, rate=rate)
    ours, theirs = libsndfile.decode(path, 0.0, None, walk(path)), ffmpeg.decode(path, 0.0, None)
    assert ours.samples.shape == theirs.samples.shape
    np.testing.assert_allclose(ours.samples, theirs.samples, atol=1e-4)


@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
@pytest.mark.parametrize(("rate", "channels"), [(44100, 1), (44100, 2), (22050, 1), (11025, 2)])
def test_a_window_of_an_mp3_is_the_slice_of_the_whole_to_the_bit(
    tmp_path: Path, rate: int, channels: int, mode: str, tagged: bool
) -> None:
    path = write_mp3(tmp_path / "a.mp3", quiet_then_loud(6, channels), mode=mode, tagged=tagged, rate=rate)
    whole = read_audio(path).samples
    length = len(whole) / rate
    for start_s in (0.0, 0.01, 0.1, 0.3, *np.linspace(0.5, length - 0.6, 7)):
        start = round(start_s * rate)
        window = read_audio(path, start_s=start_s, seconds=0.5)
        np.testing.assert_array_equal(window.samples, whole[start : start + round(0.5 * rate)])


def test_the_end_of_an_mp3_is_a_window_too(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", tone(3), mode="VARIABLE")
    whole = read_audio(path).samples
    np.testing.assert_array_equal(read_audio(path, start_s=2.5).samples, whole[round(2.5 * RATE) :])
    assert len(read_audio(path, start_s=2.9, seconds=5.0).samples) == len(whole) - round(2.9 * RATE)
    assert len(read_audio(path, start_s=9.0, seconds=5.0).samples) == 0


def test_a_window_of_an_mp3_cut_out_of_another_is_the_slice_of_the_whole(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", tone(6), mode="VARIABLE", tagged=False)
    stream, raw = walk(path), path.read_bytes()
    assert stream is not None
    path.write_bytes(raw[stream.offsets[50] :])  # its first frames lack what they take from those before
    window, whole = read_audio(path, start_s=2.0, seconds=1.0).samples, read_audio(path).samples
    np.testing.assert_allclose(window, whole[2 * RATE : 3 * RATE], atol=1e-6)


@pytest.mark.parametrize("frames", [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x01\x00\x00"])
def test_an_mp3_that_promises_more_than_can_be_is_damaged(tmp_path: Path, frames: bytes) -> None:
    path = write_mp3(tmp_path / "a.mp3", tone(2))
    raw = bytearray(path.read_bytes())
    at = max(raw.find(b"Info"), raw.find(b"Xing"))
    raw[at + 8 : at + 12] = frames
    path.write_bytes(raw)
    assert code(probe, path) == "truncated"
    assert len(read_audio(path).samples) / RATE == pytest.approx(2, abs=0.1)


def test_a_healthy_mp3_does_not_need_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("decode", "sample"):
        monkeypatch.setattr(ffmpeg, module, lambda *_: pytest.fail("FFmpeg was asked"))
    for mode in ("CONSTANT", "VARIABLE"):
        for tagged in (True, False):
            path = write_mp3(tmp_path / f"{mode}{tagged}.mp3", quiet_then_loud(3), mode=mode, tagged=tagged)
            assert read_audio(path).shortfall_s == probe(path).shortfall_s == 0


def test_two_mp3_files_in_one_are_read_to_the_end(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", tone(5))
    path.write_bytes(2 * path.read_bytes())
    assert len(read_audio(path).samples) / RATE == pytest.approx(10, abs=0.2)
    assert probe(path).duration_s == pytest.approx(10, abs=0.2)


@pytest.mark.parametrize("tagged", [True, False])
def test_a_damaged_mp3_is_read_as_far_as_it_goes(tmp_path: Path, tagged: bool) -> None:
    path = write(tmp_path / "a.mp3", tone(10))
    damaged(path if tagged else without_length_tag(path), 20)
    assert len(read_audio(path).samples) > 7 * RATE


def test_the_shortfall_of_a_damaged_mp3_is_measured(tmp_path: Path) -> None:
    path = damaged(write(tmp_path / "a.mp3", tone(10)), 20)
    audio, look = read_audio(path), probe(path)
    assert 0.1 < audio.shortfall_s < 4
    assert look.shortfall_s == audio.shortfall_s
    assert audio.declared_seconds == look.duration_s == 10


@pytest.mark.parametrize("suffix", ["mp3", "flac", "wav", "aiff", "au"])
def test_a_file_cut_to_a_third_is_truncated(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a.{suffix}", tone(6))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    assert code(probe, path) == "truncated"


def test_a_file_cut_to_four_fifths_is_usable_with_a_shortfall(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(5))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 4 // 5])
    assert probe(path).shortfall_s == pytest.approx(1, abs=0.01)


def test_an_empty_file_is_named_so(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.touch()
    assert code(probe, path) == code(read_audio, path) == "empty-file"


@pytest.mark.parametrize(
    "content", [b"this is text\n" * 500, b"x", np.random.default_rng(0).bytes(20000), b"#EXTM3U\nhttp://localhost/a.mp3\n"]
)
def test_what_is_no_audio_is_named_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    assert code(probe, path) == code(read_audio, path) == "not-audio"


def test_an_m4a_without_its_index_is_unreadable(tmp_path: Path) -> None:
    path = write_av(tmp_path / "a.m4a", "aac")
    path.write_bytes(path.read_bytes()[:9000])
    assert code(probe, path) == "unreadable"


def test_a_missing_file_is_named_so(tmp_path: Path) -> None:
    assert code(read_audio, tmp_path / "none.mp3") == "missing"


def test_a_video_without_sound_has_no_audio_stream(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    assert code(probe, path) == "no-audio-stream"


def test_silence_is_named_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", np.zeros((2 * RATE, 2), np.float32))
    assert code(probe, path) == code(read_audio, path) == "silent"


def test_a_silent_window_of_a_song_is_no_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.concatenate([np.zeros((RATE, 2), np.float32), tone(1)]))
    assert not read_audio(path, seconds=0.5).samples.any()


def test_sound_between_the_probed_windows_is_found(tmp_path: Path) -> None:
    samples = np.zeros((10 * RATE, 1), np.float32)
    samples[2 * RATE : 3 * RATE] = tone(1, 1)
    assert probe(write(tmp_path / "a.wav", samples)).duration_s == 10


def test_antiphase_stereo_is_not_silent(tmp_path: Path) -> None:
    left = tone(2, 1)
    assert probe(write(tmp_path / "a.wav", np.hstack([left, -left]))).channels == 2


def test_a_very_short_file_is_too_short(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(0.3))
    assert code(probe, path) == code(read_audio, path) == "too-short"


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "FLOAT", "DOUBLE"])
def test_six_channels_and_every_sample_format_are_read(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(1, 6, 8000), 8000, subtype=subtype)
    audio = read_audio(path)
    assert audio.samples.shape == (8000, 6)
    assert float(np.abs(audio.samples).max()) == pytest.approx(float(np.abs(tone(1, 6, 8000)).max()), abs=0.01)


def test_samples_that_are_no_numbers_become_zeros(tmp_path: Path) -> None:
    samples = tone(1)
    samples[100:200] = np.nan
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    assert np.isfinite(read_audio(path).samples).all()


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", tone(1))
    assert probe(path.rename(tmp_path / "a.mp3")).duration_s == 1


def test_decoders_say_nothing_on_standard_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for path in (
        damaged(write(tmp_path / "a.mp3", tone(5)), 20),
        damaged(without_length_tag(write(tmp_path / "b.mp3", tone(5))), 20),
    ):
        read_audio(path)
        probe(path)
    assert capfd.readouterr() == ("", "")


def test_arguments_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="start_s=-1"):
        read_audio(tmp_path / "a.wav", start_s=-1)
