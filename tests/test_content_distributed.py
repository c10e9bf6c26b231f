"""Two processes that train one network give what one gives."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from beats import QUICK, RICH, SMALL, SPEC, songs

from content.distributed import ALONE, Processes, joined, processes_of_torchrun
from content.run_state import RunState
from content.training import train

# Without dropout and batch norm, all that may differ is the order of sums.
CONFIG = replace(
    QUICK,
    epochs=4,
    optimizer="adamw",
    schedule="one-cycle",
    weight_average=0.8,
    gradient_clip=1.0,
    mixup=0.4,
    time_masks=1,
    time_mask_frames=4,
    class_weights="balanced",
    validation_share=0.25,
    patience=3,
    least_songs=1,
)


def fit(folder: Path, processes: Processes = ALONE, network=SMALL, **options):
    images, labels = songs(25, 0)  # batches of 8 and a rest of 6; two processes divide all evenly, three do not
    return train(
        images,
        labels,
        CONFIG,
        network,
        spec=SPEC,
        also={"tags": ["x; y", "y", "", "z; x", "z"] * 5},
        checkpoint=folder / "checkpoint",
        metrics=folder / "metrics.jsonl",
        processes=processes,
        **options,
    )


def work(rank: int, size: int, folder: str, network=SMALL, kill_at: int = 0) -> None:
    """One process: train and leave the weights behind; or end in the middle, after `kill_at` batches."""
    place = Path(folder)

    def progress(done: int, _total: int) -> None:
        if done == kill_at:
            os._exit(0)

    with joined(rank, size, f"file://{place / 'meeting'}") as processes:
        assert processes.tell({"from": rank}) == {"from": 0}
        encoder = fit(place, processes, network, progress=progress)
    np.savez(place / f"{rank}.npz", **{name: tensor.numpy() for name, tensor in encoder.module.state_dict().items()})
    (place / f"{rank}.json").write_text(json.dumps([record.loss for record in encoder.history]))


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 3])
def test_several_processes_end_with_the_weights_of_one(tmp_path, size):
    alone = fit(tmp_path)
    (tmp_path / "checkpoint").unlink()
    together = tmp_path / "together"
    together.mkdir()
    torch.multiprocessing.spawn(work, (size, str(together)), nprocs=size)
    ranks = [np.load(together / f"{rank}.npz") for rank in range(size)]
    for name, tensor in alone.module.state_dict().items():
        np.testing.assert_allclose(ranks[0][name], tensor.numpy(), atol=1e-4, rtol=1e-4, err_msg=name)
        for other in ranks[1:]:
            np.testing.assert_array_equal(ranks[0][name], other[name], err_msg=name)
    losses = [json.loads((together / f"{rank}.json").read_text()) for rank in range(size)]
    assert losses[0] == losses[1]
    np.testing.assert_allclose(losses[0], [record.loss for record in alone.history], rtol=1e-4)
    epochs = [json.loads(line)["epoch"] for line in (together / "metrics.jsonl").read_text().splitlines()]
    assert epochs == list(range(1, len(alone.history) + 1))  # one process wrote


@pytest.mark.slow
def test_several_processes_go_on_after_a_kill_with_the_same_bytes(tmp_path):
    for name, kills in (("unbroken", (0,)), ("broken", (12, 0))):
        (tmp_path / name).mkdir()
        for kill_at in kills:
            (tmp_path / name / "meeting").unlink(missing_ok=True)
            torch.multiprocessing.spawn(work, (2, str(tmp_path / name), RICH, kill_at), nprocs=2)
    unbroken, other, broken = (np.load(tmp_path / name) for name in ("unbroken/0.npz", "unbroken/1.npz", "broken/0.npz"))
    for name in unbroken:  # of a network with dropout and batch norm, whose statistics are shared
        np.testing.assert_array_equal(unbroken[name], other[name], err_msg=name)
        np.testing.assert_array_equal(unbroken[name], broken[name], err_msg=name)
    assert (tmp_path / "broken" / "metrics.jsonl").read_text().count("\n") == len(
        json.loads((tmp_path / "broken" / "0.json").read_text())
    )


def test_batch_norms_statistics_and_their_average_are_shared_and_nothing_else():
    network = torch.nn.BatchNorm1d(2)
    network.register_buffer("row_mean", torch.zeros(3))
    averaged = {name: value.clone() for name, value in network.state_dict().items()}
    shared = []

    class Two(Processes):
        def mean_(self, tensors):
            shared.extend(tensors)

    RunState(network, torch.optim.SGD(network.parameters(), 0.1), averaged).share_statistics(Two(0, 2))
    expected = [network.running_mean, network.running_var, averaged["running_mean"], averaged["running_var"]]
    assert [tensor.data_ptr() for tensor in shared] == [tensor.data_ptr() for tensor in expected]


@pytest.mark.parametrize("count", [0, 1, 2, 7, 16])
def test_parts_are_disjoint_even_and_complete(count):
    parts = [list(range(count))[Processes(rank, 3).part(count)] for rank in range(3)]
    assert [number for part in parts for number in part] == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_process_alone_has_nothing_to_tell():
    value = torch.ones(2)
    ALONE.sum_([value])
    ALONE.mean_([value])
    assert value.tolist() == [1.0, 1.0]
    assert ALONE.tell("x") == "x"


def test_another_launcher_starts_one_process_that_is_alone(monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setenv("WORLD_SIZE", "4")  # as MPI and batch systems set it
    monkeypatch.setenv("RANK", "2")
    with processes_of_torchrun("cpu") as processes:
        assert processes == ALONE


def work_from_a_start(rank: int, size: int, folder: str) -> None:
    """One process: train a head on a frozen body, and leave behind whether the body is what it was."""
    start = train(*songs(12, 0), QUICK, RICH, spec=SPEC)
    with joined(rank, size, f"file://{Path(folder) / 'meeting'}") as processes:
        encoder = train(*songs(25, 1), replace(CONFIG, body_rate=0.0), RICH, spec=SPEC, start=start, processes=processes)
    ours, theirs = (one.module.state_dict() for one in (encoder, start))
    same = all(torch.equal(ours[name], theirs[name]) for name in theirs if not name.startswith("output."))
    (Path(folder) / f"{rank}.json").write_text(json.dumps([same, encoder.module.output.weight.tolist()]))


@pytest.mark.slow
def test_a_frozen_body_stays_to_the_bit_in_three_processes(tmp_path):
    """Three, for a third of three equal numbers may not be that number."""
    torch.multiprocessing.spawn(work_from_a_start, (3, str(tmp_path)), nprocs=3)
    found = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(3)]
    assert all(same for same, _ in found)
    assert found[0] == found[1] == found[2]
