"""Peer: torch.compile of the whole gradient step, written with torch.func so that it becomes one graph."""

from __future__ import annotations

from typing import Any, Callable

import torch
from problem import SIGMA, make_problem
from torch.func import functional_call, grad, grad_and_value, vjp
from torch_models import Energy, tensors
from worker import Step, serve

Parameters = dict[str, torch.Tensor]


def make_step(request: dict[str, Any]) -> Step:
    """One step of the request."""
    torch.set_num_threads(request['threads'])
    if request['objective'] == 'dsm':
        return build(request, denoising)
    return build(request, score_matching)


def score_of(energy: Energy, parameters: Parameters) -> Callable[[torch.Tensor], torch.Tensor]:
    """φ of a whole batch, [B, d] → [B, d]: rows do not mix, so the gradient of the sum holds each row's own."""
    return grad(lambda points: -functional_call(energy, parameters, (points,)).sum())


def denoising(energy: Energy, parameters: Parameters, points: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Mean over rows of ‖x − [x̃ + σ²φ(x̃)]‖²."""
    noisy = points + SIGMA * noise
    return (points - noisy - SIGMA**2 * score_of(energy, parameters)(noisy)).square().sum(dim=1).mean()


def score_matching(energy: Energy, parameters: Parameters, points: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Mean over rows of Σⱼ[∂ⱼφⱼ + ½φⱼ²], a second backward pass for each coordinate.

    Forward mode over the score (looped, or vectorized over the coordinates by vmap) was compiled and timed too and is
    slower at all three sizes; torch.func.hessian does not compile.
    """
    values, pull = vjp(score_of(energy, parameters), points)
    trace = torch.zeros(points.shape[0])
    for j in range(points.shape[1]):
        direction = torch.zeros_like(points)
        direction[:, j] = 1
        trace = trace + pull(direction)[0][:, j]
    return (trace + 0.5 * values.square().sum(dim=1)).mean()


COMPILED: dict[str, Callable[..., Any]] = {}
"""Compiled steps by what they depend on, so that the whole step does not compile the gradient step again."""


def compiled_step(request: dict[str, Any], objective: Callable[..., torch.Tensor], energy: Energy) -> Callable[..., Any]:
    """(parameters, points, noise) → (gradients, loss) as one compiled graph."""
    key = '-'.join(str(request[part]) for part in ['objective', 'd', 'hidden', 'batch', 'threads'])
    if key not in COMPILED:

        def step(values: Parameters, points: torch.Tensor, noise: torch.Tensor) -> Any:
            return grad_and_value(lambda p: objective(energy, p, points, noise))(values)

        COMPILED[key] = torch.compile(step, fullgraph=True, dynamic=False)
    return COMPILED[key]


def build(request: dict[str, Any], objective: Callable[..., torch.Tensor]) -> Step:
    """Loss and gradients of all parameters; Adam (fused) stays outside the graph, as users have it."""
    problem = make_problem(request['d'], [request['hidden']] * 2, request['batch'])
    energy = Energy(problem.parameters)
    points, noise = tensors(problem)
    values = {name: value.detach() for name, value in energy.named_parameters()}
    compiled = compiled_step(request, objective, energy)

    def read() -> tuple[float, list[Any]]:
        gradients, loss = compiled(values, points, noise)
        return loss.item(), [gradients[name].numpy() for name in values]

    if not request.get('whole'):
        return Step(lambda: compiled(values, points, noise), read)
    optimizer = torch.optim.Adam(list(values.values()), lr=1e-3, fused=True)

    def whole() -> None:
        drawn = torch.randn_like(points) if request['objective'] == 'dsm' else noise
        gradients, _ = compiled(values, points, drawn)
        for name, value in values.items():
            value.grad = gradients[name]
        optimizer.step()

    return Step(whole)


if __name__ == '__main__':
    # One process compiles the same function for many sizes; the default limit would send the later ones to eager mode.
    torch._dynamo.config.recompile_limit = 64
    serve(make_step, {'torch': torch.__version__})
