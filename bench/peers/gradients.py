"""Writes test/fixtures/gradients.json: inputs, losses and gradients in float64 by PyTorch, confirmed in JAX to 1e-12.

Run: bench/.venv/bin/python bench/peers/gradients.py [OUT]. Python writes the shortest digits that read back to the same
float64, so the file holds the inputs exactly.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault('JAX_PLATFORMS', 'cpu')

import jax

jax.config.update('jax_enable_x64', True)

import jax.numpy as jnp
import jax_models
import numpy as np
import torch
from problem import make_problem
from torch_models import Energy, denoising_loss, score_matching_loss

CASES = [
    {'hidden': hidden, 'd': d, 'batch': batch, 'activation': activation, 'sigma': sigma}
    for hidden, d, batch, sigma in [([8], 2, 5, 0.1), ([7, 5], 3, 4, 0.3), ([6, 6], 1, 3, 0.5)]
    for activation in ['silu', 'tanh', 'softplus']
]
TOLERANCE = 1e-12


def main() -> None:
    """Computes every case twice and writes the file."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / 'test/fixtures/gradients.json'
    worst = 0.0
    cases = []
    for case in CASES:
        problem = make_problem(case['d'], case['hidden'], case['batch'], np.float64)
        results = {}
        for objective in ['denoising', 'score-matching']:
            loss, gradients = by_torch(objective, case, problem)
            other_loss, other_gradients = by_jax(objective, case, problem)
            worst = max(worst, difference([np.array(loss), *gradients], [np.array(other_loss), *other_gradients]))
            results[objective] = {'loss': loss, 'gradients': layers(gradients)}
        cases.append({
            **case,
            'x': problem.points.tolist(),
            'noise': problem.noise.tolist(),
            'layers': layers(problem.parameters),
            'objectives': results,
        })
    print(f'largest relative difference between PyTorch and JAX: {worst:.2e}')
    if worst > TOLERANCE:
        raise SystemExit(f'PyTorch and JAX disagree: {worst:.2e} (must be ≤ {TOLERANCE}); nothing written')
    document = {
        'about': 'Loss and parameter gradients of E(x) = w·a(…a(W₁x + b₁)…), weights [out][in], no bias in the last layer. '
        'denoising: mean over rows of ‖x − [x̃ + σ²φ(x̃)]‖², x̃ = x + sigma·noise. '
        'score-matching: mean over rows of Σⱼ[∂ⱼφⱼ + ½φⱼ²]. φ = −∇E.',
        'command': 'bench/.venv/bin/python bench/peers/gradients.py',
        'versions': {'torch': torch.__version__, 'jax': jax.__version__},
        'largestDifference': worst,
        'cases': cases,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + '\n')
    print(f'{out}: {len(cases)} cases, {out.stat().st_size} bytes')


def by_torch(objective: str, case: dict[str, Any], problem: Any) -> tuple[float, list[np.ndarray]]:
    """Loss and gradients by autograd.grad with create_graph."""
    energy = Energy(problem.parameters, case['activation'])
    points, noise = torch.tensor(problem.points), torch.tensor(problem.noise)
    if objective == 'denoising':
        loss = denoising_loss(energy, points, noise, case['sigma'])
    else:
        loss = score_matching_loss(energy, points)
    return loss.item(), [g.numpy() for g in torch.autograd.grad(loss, list(energy.parameters()))]


def by_jax(objective: str, case: dict[str, Any], problem: Any) -> tuple[float, list[np.ndarray]]:
    """The same, one point at a time: the score by forward mode, the trace from the whole Hessian."""

    def one(parameters: list[jax.Array], x: jax.Array, n: jax.Array) -> jax.Array:
        def log_density(y: jax.Array) -> jax.Array:
            return -jax_models.energy(parameters, y, case['activation'])

        if objective == 'denoising':
            noisy = x + case['sigma'] * n
            return jnp.sum((x - (noisy + case['sigma'] ** 2 * jax.jacfwd(log_density)(noisy))) ** 2)
        return jnp.trace(jax.jacfwd(jax.jacfwd(log_density))(x)) + 0.5 * jnp.sum(jax.jacfwd(log_density)(x) ** 2)

    def objective_of(parameters: list[jax.Array]) -> jax.Array:
        return jnp.mean(jax.vmap(one, in_axes=(None, 0, 0))(parameters, problem.points, problem.noise))

    loss, gradients = jax.value_and_grad(objective_of)([jnp.asarray(p) for p in problem.parameters])
    return float(loss), [np.asarray(g) for g in gradients]


def difference(first: list[np.ndarray], second: list[np.ndarray]) -> float:
    """Largest difference, relative to the largest entry of each tensor."""
    return max(float(np.max(np.abs(a - b)) / max(1e-300, np.max(np.abs(a)))) for a, b in zip(first, second))


def layers(tensors: list[np.ndarray]) -> list[dict[str, Any]]:
    """[W₁, b₁, …, w] as one record a layer, bias null in the last."""
    padded = [*tensors, None]
    return [
        {'weight': weight.tolist(), 'bias': None if bias is None else bias.tolist()}
        for weight, bias in zip(padded[::2], padded[1::2])
    ]


if __name__ == '__main__':
    main()
