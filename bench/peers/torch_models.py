"""The energy as a PyTorch user writes it, and the two objectives on it, shared by the PyTorch peers."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from problem import SIGMA, Problem

ACTIVATIONS = {'silu': nn.SiLU, 'tanh': nn.Tanh, 'softplus': nn.Softplus}


class Energy(nn.Module):
    """E(x) of a multilayer perceptron, [B, d] → [B]."""

    def __init__(self, parameters: list[np.ndarray], activation: str = 'silu') -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for weight, bias in zip(parameters[:-1:2], parameters[1:-1:2]):
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.weight = nn.Parameter(torch.tensor(weight))
            linear.bias = nn.Parameter(torch.tensor(bias))
            layers += [linear, ACTIVATIONS[activation]()]
        last = nn.Linear(parameters[-1].shape[1], 1, bias=False)
        last.weight = nn.Parameter(torch.tensor(parameters[-1]))
        self.network = nn.Sequential(*layers, last)

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        return self.network(points).squeeze(-1)


def tensors(problem: Problem) -> tuple[torch.Tensor, torch.Tensor]:
    """Points and noise as tensors."""
    return torch.tensor(problem.points), torch.tensor(problem.noise)


def denoising_loss(energy: nn.Module, points: torch.Tensor, noise: torch.Tensor, sigma: float = SIGMA) -> torch.Tensor:
    """Mean over rows of ‖x − [x̃ + σ²φ(x̃)]‖²."""
    noisy = (points + sigma * noise).requires_grad_(True)
    (gradient,) = torch.autograd.grad(energy(noisy).sum(), noisy, create_graph=True)
    return (points - noisy.detach() + sigma**2 * gradient).square().sum(dim=1).mean()


def score_matching_loss(energy: nn.Module, points: torch.Tensor) -> torch.Tensor:
    """Mean over rows of Σⱼ[∂ⱼφⱼ + ½φⱼ²], one more backward pass for each coordinate."""
    points = points.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(energy(points).sum(), points, create_graph=True)
    trace = sum(
        torch.autograd.grad(column.sum(), points, create_graph=True)[0][:, index]
        for index, column in enumerate(gradient.unbind(dim=1))
    )
    return (0.5 * gradient.square().sum(dim=1) - trace).mean()


def score_matching_loss_batched(energy: nn.Module, points: torch.Tensor) -> torch.Tensor:
    """The same with all coordinates in one vectorized backward pass (autograd's is_grads_batched)."""
    batch, d = points.shape
    points = points.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(energy(points).sum(), points, create_graph=True)
    basis = torch.eye(d, dtype=points.dtype).unsqueeze(1).expand(d, batch, d)
    (rows,) = torch.autograd.grad(gradient, points, basis, create_graph=True, is_grads_batched=True)
    trace = torch.einsum('jbj->b', rows)
    return (0.5 * gradient.square().sum(dim=1) - trace).mean()
