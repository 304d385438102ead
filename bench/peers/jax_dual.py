"""The dual score matching step as a JAX user writes it: U(y, t) on top of N(0, (1 + t)I), two draws of noise a row."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax_models import Parameters
from problem import LEAST, MOST, make_dual_problem
from worker import Step, fastest

LOW, HIGH = float(jnp.log(LEAST)), float(jnp.log(MOST))


def negative_log_density(parameters: Parameters, points: jax.Array, levels: jax.Array) -> jax.Array:
    """U(y, t) of points [..., d] at variances t [...]."""
    d = points.shape[-1]
    variance = 1 + levels
    place = (jnp.log(levels) - (LOW + HIGH) / 2) / ((HIGH - LOW) / 2)
    hidden = jnp.concatenate([points / jnp.sqrt(variance)[..., None], place[..., None]], axis=-1)
    for weight, bias in zip(parameters[:-1:2], parameters[1:-1:2]):
        hidden = jax.nn.silu(hidden @ weight.T + bias)
    base = 0.5 * jnp.sum(points**2, axis=-1) / variance + 0.5 * d * jnp.log(2 * jnp.pi * variance)
    return base + (hidden @ parameters[-1].T)[..., 0]


def derivatives(parameters: Parameters, points: jax.Array, levels: jax.Array) -> tuple[jax.Array, jax.Array]:
    """∇_y U and ∂_t U of a batch: rows do not mix."""
    return jax.grad(lambda y, t: negative_log_density(parameters, y, t).sum(), (0, 1))(points, levels)


def combine(d: int, z: jax.Array, spaces: jax.Array, slopes: jax.Array) -> jax.Array:
    """The objective of rows from √t∇U and t∂U at both draws, [2, B, …]."""
    norms = jnp.sum(z**2, axis=-1)
    in_space = jnp.mean(jnp.sum((spaces - z) ** 2, axis=-1), axis=0)
    covariance = 0.25 * (slopes[0] - slopes[1]) * (norms[1] - norms[0])
    in_level = jnp.mean(slopes**2, axis=0) - 2 * covariance + d / 2
    return jnp.mean(in_space + 2 * in_level) / d


def together(parameters: Parameters, points: jax.Array, noise: jax.Array, levels: jax.Array) -> jax.Array:
    """Both draws of all rows in one batch of twice the size."""
    batch, d = points.shape
    t = jnp.exp(LOW + (HIGH - LOW) * levels)
    z = noise.reshape(batch, 2, d).transpose(1, 0, 2)
    noisy = points + jnp.sqrt(t)[:, None] * z
    twice = jnp.concatenate([t, t])
    in_space, in_level = derivatives(parameters, noisy.reshape(2 * batch, d), twice)
    scaled = jnp.sqrt(twice)[:, None] * in_space
    return combine(d, z, scaled.reshape(2, batch, d), (twice * in_level).reshape(2, batch))


def apart(parameters: Parameters, points: jax.Array, noise: jax.Array, levels: jax.Array) -> jax.Array:
    """One draw after the other."""
    d = points.shape[1]
    t = jnp.exp(LOW + (HIGH - LOW) * levels)
    z = jnp.stack([noise[:, :d], noise[:, d:]])
    found = [derivatives(parameters, points + jnp.sqrt(t)[:, None] * each, t) for each in z]
    return combine(d, z, jnp.stack([jnp.sqrt(t)[:, None] * a for a, _ in found]), jnp.stack([t * b for _, b in found]))


def make_dual_step(request: dict[str, Any]) -> Step:
    """Loss and gradients, the noise given, in the faster of the two forms."""
    return fastest({
        'both draws in one batch': lambda: build(request, together),
        'one draw after the other': lambda: build(request, apart),
    })


def build(request: dict[str, Any], objective: Any) -> Step:
    problem = make_dual_problem(request['d'], request['hidden'], request['batch'])
    parameters = [jnp.asarray(value) for value in problem.parameters]
    points, noise, levels = (jnp.asarray(value) for value in (problem.points, problem.noise, problem.levels))
    step = jax.jit(jax.value_and_grad(objective))

    def read() -> tuple[float, list[Any]]:
        loss, gradients = step(parameters, points, noise, levels)
        return float(loss), list(gradients)

    return Step(lambda: jax.block_until_ready(step(parameters, points, noise, levels)), read)
