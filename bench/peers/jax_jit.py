"""Peer: JAX, jit(value_and_grad(...)) with its own derivatives; several usual forms, the fastest is taken."""

from __future__ import annotations

from typing import Any

import jax_models
import jax
import jax.numpy as jnp
from jax_dual import make_dual_step
from jax_models import Parameters, build, energy
from jax_paths import make_path
from problem import SIGMA
from worker import Step, fastest, serve


def make_step(request: dict[str, Any]) -> Step:
    """One step of the request in the fastest of the forms below."""
    if request['objective'] == 'paths':
        return make_path(request)
    if request['objective'] == 'dual':
        return make_dual_step(request)
    if request['objective'] == 'dsm':
        return fastest({
            'grad of the sum over rows': lambda: build(request, denoising),
            'vmap of grad': lambda: build(request, denoising_by_rows),
        })
    return fastest({
        'hessian per row': lambda: build(request, trace_by_hessian),
        'linearize per row, vmap over coordinates': lambda: build(request, trace_by_linearize),
        'jvp of the batch score, loop': lambda: build(request, trace_by_loop),
        'jvp of the batch score, vmap over coordinates': lambda: build(request, trace_by_vmap),
        'reverse over reverse of the batch score': lambda: build(request, trace_by_reverse),
    })


def score(parameters: Parameters, points: jax.Array) -> jax.Array:
    """φ of a whole batch (or of one point): rows do not mix, so the gradient of the sum holds each row's own."""
    return -jax.grad(lambda x: energy(parameters, x).sum())(points)


def denoising(parameters: Parameters, points: jax.Array, noise: jax.Array) -> jax.Array:
    """Mean over rows of ‖x − [x̃ + σ²φ(x̃)]‖²."""
    noisy = points + SIGMA * noise
    return jnp.mean(jnp.sum((points - noisy - SIGMA**2 * score(parameters, noisy)) ** 2, axis=1))


def denoising_by_rows(parameters: Parameters, points: jax.Array, noise: jax.Array) -> jax.Array:
    """The same written for one point and vectorized by vmap."""

    def one(x: jax.Array, n: jax.Array) -> jax.Array:
        noisy = x + SIGMA * n
        return jnp.sum((x - noisy - SIGMA**2 * score(parameters, noisy)) ** 2)

    return jnp.mean(jax.vmap(one)(points, noise))


def trace_by_hessian(parameters: Parameters, points: jax.Array, noise: jax.Array) -> jax.Array:
    """Exact score matching for one point by jax.hessian, vectorized over rows."""

    def one(x: jax.Array) -> jax.Array:
        trace = jnp.trace(jax.hessian(lambda y: energy(parameters, y))(x))
        return 0.5 * jnp.sum(score(parameters, x) ** 2) - trace

    return jnp.mean(jax.vmap(one)(points))


def trace_by_linearize(parameters: Parameters, points: jax.Array, noise: jax.Array) -> jax.Array:
    """The score of one point linearized once, all coordinates pushed through by vmap."""

    def one(x: jax.Array) -> jax.Array:
        value, push = jax.linearize(lambda y: score(parameters, y), x)
        return jnp.trace(jax.vmap(push)(jnp.eye(x.shape[0], dtype=x.dtype))) + 0.5 * jnp.sum(value**2)

    return jnp.mean(jax.vmap(one)(points))


def trace_by_loop(parameters: Parameters, points: jax.Array, noise: jax.Array) -> jax.Array:
    """The batch score linearized once, one push for each coordinate, unrolled."""
    values, push = jax.linearize(lambda x: score(parameters, x), points)
    trace = sum(push(jnp.zeros_like(points).at[:, j].set(1))[:, j] for j in range(points.shape[1]))
    return jnp.mean(trace + 0.5 * jnp.sum(values**2, axis=1))


def trace_by_vmap(parameters: Parameters, points: jax.Array, noise: jax.Array) -> jax.Array:
    """The batch score linearized once, all coordinates in one vectorized push."""
    values, push = jax.linearize(lambda x: score(parameters, x), points)
    basis = jnp.broadcast_to(jnp.eye(points.shape[1], dtype=points.dtype)[:, None, :], (points.shape[1], *points.shape))
    return jnp.mean(jnp.einsum('jbj->b', jax.vmap(push)(basis)) + 0.5 * jnp.sum(values**2, axis=1))


def trace_by_reverse(parameters: Parameters, points: jax.Array, noise: jax.Array) -> jax.Array:
    """A second backward pass for each coordinate, unrolled."""
    values, pull = jax.vjp(lambda x: score(parameters, x), points)
    trace = sum(pull(jnp.zeros_like(points).at[:, j].set(1))[0][:, j] for j in range(points.shape[1]))
    return jnp.mean(trace + 0.5 * jnp.sum(values**2, axis=1))


if __name__ == '__main__':
    serve(make_step, {'jax': jax.__version__, 'jaxlib': jax.lib.__version__})
