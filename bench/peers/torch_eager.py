"""Peer: PyTorch in eager mode, the way most score matching code is written (autograd.grad with create_graph)."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import torch
from problem import make_dual_problem, make_problem
from torch_models import Energy, denoising_loss, dual_loss, score_matching_loss, score_matching_loss_batched, tensors
from torch_paths import make_path
from worker import Step, fastest, serve


def make_step(request: dict[str, Any]) -> Step:
    """One step of the request; exact score matching takes the faster of the loop and the vectorized form."""
    torch.set_num_threads(request['threads'])
    if request['objective'] == 'paths':
        return make_path(request)
    if request['objective'] == 'dual':
        return build(request, dual_loss)
    if request['objective'] == 'dsm':
        return build(request, lambda energy, points, noise, _: denoising_loss(energy, points, noise))
    return fastest({
        'loop over coordinates': lambda: build(request, lambda energy, points, *_: score_matching_loss(energy, points)),
        'is_grads_batched': lambda: build(request, lambda energy, points, *_: score_matching_loss_batched(energy, points)),
    })


def build(request: dict[str, Any], objective: Callable[..., torch.Tensor]) -> Step:
    """Loss and gradients of all parameters; the whole step also draws noise and updates by (fused) Adam."""
    dtype = np.float64 if request.get('dtype') == 'float64' else np.float32
    if request['objective'] == 'dual':
        problem = make_dual_problem(request['d'], request['hidden'], request['batch'], dtype)
    else:
        problem = make_problem(request['d'], [request['hidden']] * 2, request['batch'], dtype)
    energy = Energy(problem.parameters)
    points, noise = tensors(problem)
    levels = torch.tensor(problem.levels)
    parameters = list(energy.parameters())

    def gradients() -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        loss = objective(energy, points, noise, levels)
        return loss, torch.autograd.grad(loss, parameters)

    def read() -> tuple[float, list[Any]]:
        loss, values = gradients()
        return loss.item(), [value.numpy() for value in values]

    if not request.get('whole'):
        return Step(gradients, read)
    optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)

    def whole() -> None:
        drawn = torch.randn_like(points) if request['objective'] == 'dsm' else noise
        optimizer.zero_grad()
        objective(energy, points, drawn, levels).backward()
        optimizer.step()

    return Step(whole)


if __name__ == '__main__':
    serve(make_step, {'torch': torch.__version__})
