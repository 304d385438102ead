"""Paths of Hamiltonian Monte Carlo in PyTorch: 100 leapfrog steps of many chains on ½‖x‖² + network."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from problem import LEAPFROG_STEPS, STEP_SIZE, make_problem
from torch_models import Energy, tensors
from worker import Step


def make_path(request: dict[str, Any]) -> Step:
    """`run` draws momenta and follows the paths; `read` follows them from given momenta."""
    dtype = np.float64 if request.get('dtype') == 'float64' else np.float32
    problem = make_problem(request['d'], [request['hidden']] * 2, request['batch'], dtype)
    network = Energy(problem.parameters)
    start, given = tensors(problem)

    def evaluate(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        points = points.detach().requires_grad_(True)
        energy = 0.5 * points.square().sum(dim=1) + network(points)
        (gradient,) = torch.autograd.grad(energy.sum(), points)
        return energy.detach(), gradient

    begin = evaluate(start)

    def follow(momenta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        points, (energy, gradient) = start, begin
        momenta = momenta - 0.5 * STEP_SIZE * gradient
        for step in range(1, LEAPFROG_STEPS + 1):
            points = points + STEP_SIZE * momenta
            energy, gradient = evaluate(points)
            momenta = momenta - (1 if step < LEAPFROG_STEPS else 0.5) * STEP_SIZE * gradient
        return points, momenta, energy

    def read() -> tuple[float, list[Any]]:
        points, momenta, energy = follow(given)
        return energy.mean().item(), [points.numpy(), momenta.numpy()]

    return Step(lambda: follow(torch.randn_like(start)), read)
