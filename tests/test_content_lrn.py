"""Local response normalisation against torch's own."""

from __future__ import annotations

import pytest
import torch

from content.lrn import LocalResponseNorm

TENSORFLOW = {"size": 9, "alpha": 0.001 / 9, "beta": 0.75, "k": 1.0}


def both(x: torch.Tensor, size: int, alpha: float, beta: float, k: float):
    """(output, gradient) of ours and of torch's, which divides alpha by n."""
    ours = LocalResponseNorm(x.shape[1], size=size, alpha=alpha, beta=beta, k=k)
    theirs = torch.nn.LocalResponseNorm(size, alpha=alpha * size, beta=beta, k=k)
    weight = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    results = []
    for norm in (ours, theirs):
        leaf = x.clone().requires_grad_()
        y = norm(leaf)
        (y * weight).sum().backward()
        results.append((y.detach(), leaf.grad))
    return results


@pytest.mark.parametrize("scale", [1.0, 100.0])
@pytest.mark.parametrize("beta", [0.75, 0.5, 1.0])
@pytest.mark.parametrize("channels", [4, 64])
def test_equals_torch_forward_and_backward(scale, beta, channels):
    x = scale * torch.randn((3, channels, 5, 4), generator=torch.Generator().manual_seed(0))
    (y, gradient), (their_y, their_gradient) = both(x, 9, 0.001 / 9, beta, 1.0)
    torch.testing.assert_close(y, their_y, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient, their_gradient, rtol=1e-5, atol=1e-5)


def test_memory_format_does_not_change_the_result():
    x = 30 * torch.randn((2, 16, 6, 5), generator=torch.Generator().manual_seed(0))
    norm = LocalResponseNorm(16, **TENSORFLOW)
    last = norm(x.to(memory_format=torch.channels_last))
    assert last.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(last, norm(x), rtol=1e-6, atol=1e-6)


def test_the_written_gradient_is_the_numeric_one():
    norm = LocalResponseNorm(6, size=3, alpha=0.3, beta=0.75, k=2.0)
    x = torch.randn((1, 6, 2, 2), dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(norm, (x,))


def test_bfloat16_under_autocast_stays_close_to_float32():
    x = 10 * torch.randn((2, 16, 4, 4), generator=torch.Generator().manual_seed(0))
    norm = LocalResponseNorm(16, **TENSORFLOW)
    leaf = x.bfloat16().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = norm(leaf)
        y.sum().backward()
    assert y.dtype == torch.bfloat16
    assert leaf.grad.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), norm(x), rtol=0.03, atol=0.03)


def test_the_band_is_not_stored_with_the_weights():
    assert LocalResponseNorm(8, **TENSORFLOW).state_dict() == {}
