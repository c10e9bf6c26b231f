"""Several processes that train one network, as `torchrun` starts them: who am I, and what do we know together.

Each process computes the gradients of its part of every batch; their sum, the same in all, is applied by all. So the weights stay
equal without being sent, and N processes give what one gives, up to the order of sums.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

# The others wait while the first extracts hyper-images; if one dies, torchrun ends them all.
_PATIENCE = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Processes:
    """This process among those that train together.

    Parameters
    ----------
    rank : its number from 0; the first alone writes files and reports.
    size : how many there are; 1 = alone, and nothing here does anything.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def part(self, count: int) -> slice:
        """Which of `count` things are this process's: a stretch, as long as that of any other, give or take one."""
        bounds = np.linspace(0, count, self.size + 1).astype(int)
        return slice(int(bounds[self.rank]), int(bounds[self.rank + 1]))

    def sum_(self, tensors: Sequence[Tensor]) -> None:
        """Put into each tensor, in place, its sum over all processes; all on one device."""
        if self.size == 1 or not tensors:
            return
        import torch
        import torch.distributed as dist

        flat = torch.cat([tensor.reshape(-1).float() for tensor in tensors])  # one message instead of many
        dist.all_reduce(flat)
        for tensor, total in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(total.view(tensor.shape))

    def gradients(self, parameters: Sequence[Tensor]) -> list[Tensor]:
        """The gradients to be summed, zero where this process has none; none at all for a process alone."""
        if self.size == 1:
            return []
        import torch

        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        return [parameter.grad for parameter in parameters if parameter.grad is not None]

    def mean_(self, tensors: Sequence[Tensor]) -> None:
        """Put into each tensor, in place, its mean over all processes."""
        self.sum_(tensors)
        if self.size > 1:
            for tensor in tensors:
                tensor.div_(self.size)

    def tell(self, value: Any) -> Any:
        """The first process's JSON-able `value`, in all."""
        if self.size == 1:
            return value
        import torch
        import torch.distributed as dist

        text = json.dumps(value).encode() if self.first else b""
        length = torch.tensor([len(text)])
        dist.broadcast(length, 0)
        message = torch.zeros(int(length), dtype=torch.uint8)
        if self.first:
            message.copy_(torch.frombuffer(bytearray(text), dtype=torch.uint8))
        dist.broadcast(message, 0)
        return json.loads(message.numpy().tobytes())

    def check_same(self, key: str, epochs: int) -> None:
        """Raise InputError unless this process is about to do what the first one does; else gradients of two runs would mix."""
        first = self.tell([key, epochs])
        if first != [key, epochs]:
            raise InputError(
                f"process {self.rank} has run {key} after {epochs} epochs, the first process {first[0]} after {first[1]}",
                hint="All processes must see the same workspace and run the same command",
            )


ALONE = Processes()


@contextlib.contextmanager
def processes_of_torchrun(device: str) -> Iterator[Processes]:
    """The processes that torchrun started, joined inside the block; any other launcher, or none, starts one that is alone."""
    environment = os.environ
    size = int(environment.get("WORLD_SIZE", "1"))
    if "TORCHELASTIC_RUN_ID" not in environment or size < 2:
        yield ALONE
        return
    with joined(int(environment["RANK"]), size, "env://", device=device, local_rank=int(environment["LOCAL_RANK"])) as together:
        yield together


@contextlib.contextmanager
def joined(rank: int, size: int, address: str, *, device: str = "cpu", local_rank: int = 0) -> Iterator[Processes]:
    """Join `size` processes that meet at `address`, as `torch.distributed.init_process_group` takes it; leave them at the end.

    They talk by gloo on the CPU and by NCCL between GPUs, of which process `local_rank` of a machine takes the one of its number.

    Raises
    ------
    InputError : more processes on this machine than GPUs.
    """
    import torch
    import torch.distributed as dist

    from content.encoder import torch_device

    backend = "gloo"
    if torch_device(device).type == "cuda":
        if local_rank >= torch.cuda.device_count():
            raise InputError(
                f"process {local_rank} of this machine has no GPU of its own: torch finds {torch.cuda.device_count()}",
                hint="Start as many processes as there are GPUs (torchrun --nproc-per-node), or take --device cpu",
            )
        torch.cuda.set_device(local_rank)
        backend = "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend, init_method=address, rank=rank, world_size=size, timeout=_PATIENCE)
    try:
        yield Processes(rank, size)
    finally:
        dist.destroy_process_group()
