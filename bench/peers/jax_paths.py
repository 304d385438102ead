"""Paths of Hamiltonian Monte Carlo as a JAX user writes them: one jitted loop of 100 leapfrog steps of all chains."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax_models import Parameters, energy
from problem import LEAPFROG_STEPS, STEP_SIZE, make_problem
from worker import Step, fastest


def potential(parameters: Parameters, points: jax.Array) -> jax.Array:
    """E(x) = ½‖x‖² + network, [..., d] → [...]."""
    return 0.5 * jnp.sum(points**2, axis=-1) + energy(parameters, points)


def evaluate_together(parameters: Parameters, points: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Energies and gradients of all chains by one reverse sweep over their sum."""

    def total(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        energies = potential(parameters, x)
        return energies.sum(), energies

    (_, energies), gradient = jax.value_and_grad(total, has_aux=True)(points)
    return energies, gradient


def evaluate_apart(parameters: Parameters, points: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The same written for one chain and vectorized."""
    return jax.vmap(jax.value_and_grad(lambda x: potential(parameters, x)))(points)


def make_path(request: dict[str, Any]) -> Step:
    """The faster of the two forms, each as a loop of one compiled body."""
    return fastest({
        'gradient of the sum over chains': lambda: build(request, evaluate_together),
        'vmap of value_and_grad': lambda: build(request, evaluate_apart),
    }, seconds=2)


def build(request: dict[str, Any], evaluate: Any) -> Step:
    problem = make_problem(request['d'], [request['hidden']] * 2, request['batch'])
    parameters = [jnp.asarray(value) for value in problem.parameters]
    start, given = jnp.asarray(problem.points), jnp.asarray(problem.noise)
    begin = jax.jit(evaluate)(parameters, start)

    def follow(parameters: Parameters, momenta: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        _, gradient = begin

        def step(_: int, state: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
            points, momenta, _, _ = state
            points = points + STEP_SIZE * momenta
            energies, gradient = evaluate(parameters, points)
            return points, momenta - STEP_SIZE * gradient, energies, gradient

        state = (start, momenta - 0.5 * STEP_SIZE * gradient, *begin)
        points, momenta, energies, gradient = jax.lax.fori_loop(0, LEAPFROG_STEPS, step, state)
        return points, momenta + 0.5 * STEP_SIZE * gradient, energies

    drawn = jax.jit(lambda parameters, key: follow(parameters, jax.random.normal(key, start.shape)))
    followed = jax.jit(follow)
    key = jax.random.key(0)

    def read() -> tuple[float, list[Any]]:
        points, momenta, energies = followed(parameters, given)
        return float(energies.mean()), [points, momenta]

    return Step(lambda: jax.block_until_ready(drawn(parameters, key)), read)
