"""Peer: folx, the forward Laplacian on JAX; exact score matching only (denoising needs no Laplacian)."""

from __future__ import annotations

from typing import Any

import jax_models
import folx
import jax
import jax.numpy as jnp
from jax_models import Parameters, build, energy
from worker import Step, fastest, serve


def make_step(request: dict[str, Any]) -> Step:
    """One step of the request: folx on one point vectorized over rows."""
    if request['objective'] != 'sm':
        raise ValueError(f'invalid objective for folx: {request["objective"]} (must be sm: it has no part in the others)')
    return fastest({
        'forward Laplacian': lambda: build(request, by_rows),
        'forward Laplacian, gradient by reverse mode': lambda: build(request, by_rows_with_reverse_score),
    })


def by_rows(parameters: Parameters, points: jax.Array, noise: jax.Array) -> jax.Array:
    """Mean over rows of ½‖∇E‖² − ΔE, both from one forward sweep (folx)."""

    def one(x: jax.Array) -> jax.Array:
        result = folx.forward_laplacian(lambda y: energy(parameters, y), disable_jit=True)(x)
        return 0.5 * jnp.sum(result.jacobian.dense_array**2) - result.laplacian

    return jnp.mean(jax.vmap(one)(points))


def by_rows_with_reverse_score(parameters: Parameters, points: jax.Array, noise: jax.Array) -> jax.Array:
    """The Laplacian from folx, ∇E by reverse mode."""

    def one(x: jax.Array) -> jax.Array:
        function = lambda y: energy(parameters, y)  # noqa: E731
        return 0.5 * jnp.sum(jax.grad(function)(x) ** 2) - folx.forward_laplacian(function, disable_jit=True)(x).laplacian

    return jnp.mean(jax.vmap(one)(points))


if __name__ == '__main__':
    serve(make_step, {'jax': jax.__version__, 'folx': folx.__version__})
