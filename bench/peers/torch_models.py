"""The energy as a PyTorch user writes it, and the two objectives on it, shared by the PyTorch peers."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from problem import LEAST, MOST, SIGMA, Problem

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


def dual_loss(network: nn.Module, points: torch.Tensor, noise: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """Dual score matching of U = −log N(y; 0, (1 + t)I) + network(y/√(1 + t), log t), two draws of noise a row."""
    d = points.shape[1]
    low, high = math.log(LEAST), math.log(MOST)
    t = torch.exp(low + (high - low) * levels)
    in_space, slopes, norms = torch.zeros_like(t), [], []
    for z in (noise[:, :d], noise[:, d:]):
        y = (points + t.sqrt()[:, None] * z).requires_grad_(True)
        variance = t.detach().clone().requires_grad_(True)
        place = (variance.log() - (low + high) / 2) / ((high - low) / 2)
        value = network(torch.cat([y / (1 + variance).sqrt()[:, None], place[:, None]], dim=1))
        base = 0.5 * y.square().sum(dim=1) / (1 + variance) + 0.5 * d * torch.log(2 * math.pi * (1 + variance))
        by_point, by_level = torch.autograd.grad((base + value).sum(), (y, variance), create_graph=True)
        in_space = in_space + 0.5 * (t.sqrt()[:, None] * by_point - z).square().sum(dim=1)
        slopes.append(t * by_level)
        norms.append(z.square().sum(dim=1))
    covariance = 0.25 * (slopes[0] - slopes[1]) * (norms[1] - norms[0])
    in_level = 0.5 * (slopes[0].square() + slopes[1].square()) - 2 * covariance + d / 2
    return ((in_space + 2 * in_level) / d).mean()


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
