"""The energy and Adam as a JAX user writes them, shared by the JAX peers."""

from __future__ import annotations

import os

os.environ.setdefault('JAX_PLATFORMS', 'cpu')

from typing import Any, Callable

import jax
import jax.numpy as jnp
from problem import make_problem
from worker import Step

Parameters = list[jax.Array]
Objective = Callable[[Parameters, jax.Array, jax.Array], jax.Array]
ACTIVATIONS = {'silu': jax.nn.silu, 'tanh': jnp.tanh, 'softplus': jax.nn.softplus}


def energy(parameters: Parameters, points: jax.Array, activation: str = 'silu') -> jax.Array:
    """E(x) of a multilayer perceptron, [..., d] → [...]."""
    hidden = points
    for weight, bias in zip(parameters[:-1:2], parameters[1:-1:2]):
        hidden = ACTIVATIONS[activation](hidden @ weight.T + bias)
    return (hidden @ parameters[-1].T)[..., 0]


def build(request: dict[str, Any], objective: Objective) -> Step:
    """jit(value_and_grad(objective)); the whole step adds the noise and Adam inside the same jit, buffers donated."""
    problem = make_problem(request['d'], [request['hidden']] * 2, request['batch'])
    parameters = [jnp.asarray(value) for value in problem.parameters]
    points, noise = jnp.asarray(problem.points), jnp.asarray(problem.noise)

    if not request.get('whole'):
        step = jax.jit(jax.value_and_grad(objective))

        def read() -> tuple[float, list[Any]]:
            loss, gradients = step(parameters, points, noise)
            return float(loss), [jnp.asarray(value) for value in gradients]

        return Step(lambda: jax.block_until_ready(step(parameters, points, noise)), read)

    draw_noise = request['objective'] == 'dsm'

    def whole(state: Any, points: jax.Array, noise: jax.Array) -> Any:
        parameters, first, second, count, key = state
        if draw_noise:
            key, part = jax.random.split(key)
            noise = jax.random.normal(part, points.shape)
        loss, gradients = jax.value_and_grad(objective)(parameters, points, noise)
        count = count + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        parameters = jax.tree.map(
            lambda p, m, v: p - 1e-3 * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8),
            parameters, first, second,
        )
        return (parameters, first, second, count, key), loss

    compiled = jax.jit(whole, donate_argnums=0)
    zeros = [jnp.zeros_like(value) for value in parameters]
    state: Any = (parameters, zeros, [jnp.zeros_like(value) for value in parameters], jnp.float32(0), jax.random.key(0))

    def run() -> None:
        nonlocal state
        state, loss = compiled(state, points, noise)
        jax.block_until_ready((state, loss))

    return Step(run)
