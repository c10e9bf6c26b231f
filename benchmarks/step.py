"""A training step of the paper's network: our local response normalisation against torch's, beside what the arithmetic takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.timing import medians, print_ratios

ROWS, FRAMES, CLASSES, BATCH = 233, 215, 9, 16


def run(_scratch: Path) -> None:
    """One table, ms a sample, and the floor."""
    import torch

    from content import lrn, network

    torch.set_num_threads(1)

    class TorchNorm(torch.nn.LocalResponseNorm):
        def __init__(self, _channels: int, *, size: int, alpha: float, beta: float, k: float) -> None:
            super().__init__(size, alpha * size, beta, k)

    def stepper(norm: type) -> Callable[[], None]:
        original, network.LocalResponseNorm = network.LocalResponseNorm, norm
        try:
            return _stepper()
        finally:
            network.LocalResponseNorm = original

    competitors = {"with torch.nn.LocalResponseNorm": stepper(TorchNorm), "with content.lrn": stepper(lrn.LocalResponseNorm)}
    seconds = {name: value / BATCH for name, value in medians(competitors).items()}
    multiply_adds, rate = step_multiply_adds(), matrix_rate()
    seconds["floor: its multiply-adds at the rate of a large product"] = multiply_adds / rate
    print_ratios(f"training step of preset `paper`, batch {BATCH}, float32, per sample", seconds, next(iter(seconds)))
    print(f"  (forward, and backward without the image's gradient: {multiply_adds / 1e6:.0f} M multiply-adds a sample;")
    print(f"  torch multiplies 1,024 x 1,024 float32 matrices at {rate / 1e9:.0f} G multiply-adds a second, one thread)")


def _stepper() -> Callable[[], None]:
    import torch

    from content import network
    from content.notation import architecture

    torch.manual_seed(0)
    x, target = torch.rand(BATCH, 1, ROWS, FRAMES), torch.randint(0, CLASSES, (BATCH,))
    module = network.build(architecture("paper"), ROWS, FRAMES, CLASSES)
    optimizer = torch.optim.SGD(module.parameters(), 0.01)

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(x), target).backward()
        optimizer.step()

    return step


def step_multiply_adds() -> int:
    """Of one sample's forward and backward pass: backward takes twice as many, but the first layer needs no input gradient."""
    from content.notation import architecture
    from content.shapes import layer_shapes

    costs = [line.multiply_adds for line in layer_shapes(architecture("paper"), ROWS, FRAMES, CLASSES)]
    return 3 * sum(costs) - next(cost for cost in costs if cost)


def matrix_rate(n: int = 1024, repeats: int = 9) -> float:
    """Multiply-adds a second of CPU time in a float32 product of n x n matrices, the best of some."""
    import torch

    a, b = torch.rand(n, n), torch.rand(n, n)
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        a @ b
        best = min(best, time.process_time() - start)
    return n**3 / best
