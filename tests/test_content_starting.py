"""Training that starts from a trained encoder: what stays, what moves, what is refused; and scratch is what it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from beats import QUICK, RICH, SMALL, SPEC, kill_in_epoch, songs, weights
from hypothesis import given
from hypothesis import strategies as st

from content.embedding import embed
from content.network import build
from content.notation import architecture, parse
from content.optimisation import make_optimizer, set_rate
from content.snippets import seconds_of, snippet_frames
from content.spec import HyperImageSpec
from content.starting import training_from
from content.training import train
from content.training_config import TrainingConfig, training_for
from data.errors import InputError
from recsys.steps.training import training_fingerprint

FROZEN, TUNED = replace(QUICK, body_rate=0.0), replace(QUICK, body_rate=0.1)
# Whatever could move a body by itself: decay, the average, norms in training mode after validation.
PULLING = replace(
    FROZEN, optimizer="adamw", weight_decay=0.1, weight_average=0.9, validation_share=0.25, gradient_clip=1.0, mixup=0.4
)
OTHER = ["x", "y"] * 12


@pytest.fixture(scope="module")
def start():
    """An encoder with norms and dropouts that knows three beats."""
    return train(*songs(24, 0), QUICK, RICH, spec=SPEC, label="beat")


def from_start(start, config, **options):
    return train(songs(24, 1)[0], OTHER, config, RICH, spec=SPEC, label="other", start=start, **options)


def body(encoder):
    return {name: value for name, value in weights(encoder).items() if not name.startswith("output.")}


@pytest.mark.parametrize("config", [FROZEN, PULLING], ids=["plain", "all that pulls"])
def test_a_frozen_body_stays_to_the_bit_and_embeddings_with_their_name(start, config):
    encoder = from_start(start, config)
    assert body(encoder) == body(start)
    images = songs(6, 2)[0]
    np.testing.assert_array_equal(embed(encoder, images)[0], embed(start, images)[0])
    assert encoder.embedding_fingerprint == start.fingerprint
    assert encoder.fingerprint != start.fingerprint  # it tells other labels
    assert encoder.classes == ("x", "y")


def test_a_frozen_body_is_a_head_trained_on_the_embedding(start):
    """A plain loop over the start's embeddings of the same snippets gives the same head."""
    config = replace(FROZEN, positions="cover", snippets_per_song=1, epochs=2)
    encoder = from_start(start, config)
    images = songs(24, 1)[0]
    from content.network import to_input
    from content.snippets import cut_batch, draw

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        head = build(RICH, SPEC.n_rows, start.n_frames, 2).output
    optimizer = torch.optim.SGD(head.parameters(), lr=1.0, momentum=0.9)
    lengths = np.array([len(image) for image in images])
    for epoch in (1, 2):
        chosen, starts = draw(lengths, start.n_frames, 1, seed=0, epoch=epoch, positions="cover")
        for batch in range(3):
            from content.training_config import learning_rate

            rows = slice(8 * batch, 8 * batch + 8)
            optimizer.param_groups[0]["lr"] = learning_rate(config, ((epoch - 1) * 3 + batch) / 6)
            with torch.no_grad():
                x = start.module.embed(
                    to_input(cut_batch(images, chosen[rows], starts[rows], start.n_frames), torch.device("cpu"))
                )
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(head(x), torch.tensor(["xy".index(OTHER[s]) for s in chosen[rows]])).backward()
            optimizer.step()
    torch.testing.assert_close(encoder.module.output.weight, head.weight)


def test_a_body_with_a_rate_moves_and_its_rows_statistics_stay(start):
    encoder = from_start(start, TUNED)
    assert weights(encoder)["body.0.weight"] != weights(start)["body.0.weight"]
    for name in ("row_mean", "row_std"):
        assert weights(encoder)[name] == weights(start)[name]
    assert encoder.embedding_fingerprint == encoder.fingerprint


def test_a_run_names_what_it_started_from(start):
    encoder = from_start(start, TUNED)
    assert encoder.config["start"] == start.fingerprint
    assert encoder.config["body_rate"] == 0.1
    other = train(*songs(24, 0), replace(QUICK, seed=1), RICH, spec=SPEC, label="beat")
    assert from_start(other, TUNED).config["run"] != encoder.config["run"]


def test_a_body_that_learns_like_the_rest_is_no_training_from_scratch(start):
    begun, scratch = from_start(start, QUICK), train(songs(24, 1)[0], OTHER, QUICK, RICH, spec=SPEC, label="other")
    assert begun.config["run"] != scratch.config["run"]
    assert "start" not in scratch.config


@pytest.mark.parametrize("config", [PULLING, replace(TUNED, optimizer="adamw"), TUNED], ids=["frozen", "adamw", "sgd"])
def test_a_killed_run_from_a_start_ends_with_the_bytes_of_an_unbroken_one(start, tmp_path, config):
    images = songs(24, 1)[0]
    kill_in_epoch(3, tmp_path / "c", images, OTHER, config, RICH, start=start)
    whole = train(images, OTHER, config, RICH, spec=SPEC, label="beat", start=start)
    resumed = train(images, OTHER, config, RICH, spec=SPEC, label="beat", start=start, checkpoint=tmp_path / "c")
    assert weights(resumed) == weights(whole)
    assert resumed.config == whole.config


def test_several_labels_are_heads_of_one_start(start):
    encoder = from_start(start, replace(TUNED, least_songs=1), also={"tags": ["p; q", "q", "", "r"] * 6})
    assert [head.label for head in encoder.heads] == ["other", "tags"]


def test_a_saved_encoder_still_knows_its_start(start, tmp_path):
    encoder = from_start(start, FROZEN)
    encoder.save(tmp_path)
    again = type(encoder).load(tmp_path)
    assert (again.fingerprint, again.embedding_fingerprint) == (encoder.fingerprint, start.fingerprint)


@pytest.mark.parametrize(
    ("network", "spec", "config", "word"),
    [
        (SMALL, SPEC, TUNED, "architecture"),
        (RICH, replace(SPEC, n_mfcc=3), TUNED, "spec"),
        (RICH, SPEC, replace(TUNED, snippet_seconds=0.7), "frames"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(start, network, spec, config, word):
    images = [np.zeros((60, spec.n_rows), np.uint8)] * 4
    with pytest.raises(InputError, match=word):
        train(images, ["x", "y"] * 2, config, network, spec=spec, start=start)


def test_a_body_rate_from_scratch_is_refused():
    with pytest.raises(InputError, match=r"body_rate=0\.1 .*--from pretrained"):
        train(*songs(6, 0), TUNED, SMALL, spec=SPEC)


def test_the_length_of_a_snippet_is_the_starts(start):
    config = training_from(start, epochs=4)
    assert snippet_frames(config.snippet_seconds, SPEC.frames_per_second) == start.n_frames
    assert config.epochs == 4
    with pytest.raises(InputError, match=r"snippet_seconds=5 .*hears snippets of 0\.5 s"):
        training_from(start, {"snippet_seconds": 5})


@given(st.integers(1, 20_000))
def test_seconds_and_frames_of_a_snippet_agree(frames):
    rate = HyperImageSpec().frames_per_second
    assert snippet_frames(seconds_of(frames, rate), rate) == frames


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_the_bodys_rate_is_a_share_of_the_heads(optimizer):
    network = build(parse("IF(6)O"), 5, 4, 2)
    made = make_optimizer(network, TrainingConfig(optimizer=optimizer, body_rate=0.25))
    set_rate(made, 0.8)
    rate_of = {id(p): group["lr"] for group in made.param_groups for p in group["params"]}
    assert {rate_of[id(p)] for p in network.body.parameters()} == {0.2}
    assert {rate_of[id(p)] for p in network.output.parameters()} == {0.8}


# Names that trainings had before there was any other start: what was trained then must not be trained again.
@pytest.mark.parametrize(("name", "expected"), [("paper", "30601fd7f0593145"), ("best", "b57e4104bfa71ec0")])
def test_a_training_from_scratch_keeps_the_name_it_always_had(name, expected):
    examples = [("a", "x"), ("b", "y")]
    assert training_fingerprint("mood", architecture(name), training_for(name), HyperImageSpec(), examples) == expected


def test_a_run_from_scratch_keeps_the_name_it_always_had():
    encoder = train(*songs(24, 0), QUICK, SMALL, spec=SPEC, label="beat")
    assert encoder.config["run"] == "929d9d2cbf9f12e4"
    assert not {"start", "body_rate"} & set(encoder.config)


def test_the_start_is_part_of_a_trainings_name():
    def name(start):
        return training_fingerprint("m", SMALL, TUNED, HyperImageSpec(), [("a", "x"), ("b", "y")], start=start)

    assert len({name(""), name("one"), name("other")}) == 3
