"""Our vectors and imported ones side by side."""

from __future__ import annotations

import numpy as np
import pytest
from vectors import random_vectors

from data.embeddings import Block, SongEmbeddings, read_embeddings, write_embeddings
from data.errors import InputError
from data.files import read_json, write_json
from data.ids import IdMap
from data.vector_blocks import centres_of, read_centres, side_by_side, write_centres


def part(ids="abcdef", d=5, name="", seed=0, scale=1.0):
    vectors = (scale * (random_vectors(len(ids), d, seed) + 2)).astype(np.float32)
    fingerprint = f"{name or 'encoder'}-{seed}"
    blocks = (Block(name, fingerprint, d),) if name else ()
    sources = () if name else tuple(f"hash {i}" for i in ids)
    return SongEmbeddings(IdMap(tuple(ids), "track"), vectors, fingerprint, sources, blocks)


def joined(ours, theirs):
    return side_by_side(ours, theirs, centres_of(ours, theirs))


def test_songs_that_have_both_are_joined_in_the_order_of_ours():
    both = joined(part("cabd"), part("xdbc", name="clap"))
    assert both.tracks.ids == ("c", "b", "d")
    assert both.sources == ("hash c", "hash b", "hash d")
    assert (both.imported, both.widths) == ("clap", (5, 5))


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e15])
@pytest.mark.parametrize("width", [1, 3, 700])
def test_each_half_has_length_one_whatever_its_width_and_size(width, scale):
    both = joined(part(), part(d=width, name="clap", seed=1, scale=scale))
    for half in np.split(both.vectors, [5], axis=1):
        np.testing.assert_allclose(np.linalg.norm(half, axis=1), 1.0, rtol=1e-5)


def test_the_cosine_is_the_mean_of_both_halves():
    both = joined(part(), part(d=9, name="clap", seed=1)).vectors
    cosine = both @ both.T / 2
    np.testing.assert_allclose(cosine, (both[:, :5] @ both[:, :5].T + both[:, 5:] @ both[:, 5:].T) / 2, atol=1e-6)


def test_a_song_more_leaves_the_others_as_they_are():
    ours, theirs = part(), part(name="clap", seed=1)
    centres = centres_of(part("abcde"), part("abcde", name="clap", seed=1))
    small = side_by_side(part("abcde"), part("abcde", name="clap", seed=1), centres)
    ours = SongEmbeddings(ours.tracks, np.vstack([part("abcde").vectors, ours.vectors[-1:]]), ours.fingerprint)
    theirs_vectors = np.vstack([part("abcde", name="clap", seed=1).vectors, theirs.vectors[-1:]])
    large = side_by_side(ours, SongEmbeddings(theirs.tracks, theirs_vectors, theirs.fingerprint, (), theirs.blocks), centres)
    assert large.fingerprint == small.fingerprint
    np.testing.assert_array_equal(large.vectors[:5], small.vectors)


def test_the_fingerprint_is_made_of_both():
    prints = {joined(part(seed=a), part(name="clap", seed=b)).fingerprint for a, b in ((0, 0), (0, 1), (1, 0), (1, 1))}
    assert len(prints) == 4


def test_centres_of_other_vectors_are_refused():
    centres = centres_of(part(), part(name="clap", seed=1))
    for ours, theirs in ((part(seed=7), part(name="clap", seed=1)), (part(), part(name="clap", seed=7))):
        with pytest.raises(InputError, match=r"-7") as caught:
            side_by_side(ours, theirs, centres)
        assert caught.value.code == "stale"
        assert "encoder-0 and clap-1" in caught.value.message


@pytest.mark.parametrize("ids", ["xyz", "axy"])
def test_fewer_than_two_songs_with_both_are_refused(ids):
    with pytest.raises(InputError, match="have both") as caught:
        centres_of(part(), part(ids, name="clap"))
    assert caught.value.code == "no-content"


def test_centres_come_back_to_the_bit(tmp_path):
    centres = centres_of(part(), part(d=9, name="clap", seed=1))
    write_centres(tmp_path / "c.json", centres)
    back = read_centres(tmp_path / "c.json")
    assert (back.ours.tobytes(), back.theirs.tobytes()) == (centres.ours.tobytes(), centres.theirs.tobytes())
    assert (back.made_from, back.fingerprint) == (centres.made_from, centres.fingerprint)


@pytest.mark.parametrize("change", [{"ours": "x"}, {"theirs": None}, {"made_from": ["one"]}])
def test_damaged_centres_are_refused(tmp_path, change):
    write_centres(tmp_path / "c.json", centres_of(part(), part(name="clap")))
    write_json(tmp_path / "c.json", read_json(tmp_path / "c.json") | change)
    with pytest.raises(InputError) as caught:
        read_centres(tmp_path / "c.json")
    assert caught.value.code == "damaged"


def test_the_parts_are_written_and_read(tmp_path):
    both = joined(part(), part(name="clap"))
    write_embeddings(tmp_path, both)
    assert read_embeddings(tmp_path).blocks == both.blocks


@pytest.mark.parametrize("blocks", [3, [1], [{"name": "x"}], [{"name": "x", "fingerprint": "y", "width": 3}]])
def test_parts_that_do_not_fit_are_refused(tmp_path, blocks):
    write_embeddings(tmp_path, joined(part(), part(name="clap")))
    write_json(tmp_path / "embeddings.json", read_json(tmp_path / "embeddings.json") | {"blocks": blocks})
    with pytest.raises(InputError, match=r"incomplete|add up"):
        read_embeddings(tmp_path)
