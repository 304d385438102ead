"""The shared inputs of every peer: made by a hash of (stream, index), so that Python and Node compute the same numbers.

`problem.mjs` is its twin; the driver compares losses and gradients across both, so a drift between them cannot pass unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIGMA = 0.1
"""Noise level of every denoising step, in the units of x."""

LEAST, MOST = 1e-4, 16.0
"""Ends of the ladder of noise levels of every dual step, variances."""

LEAPFROG_STEPS, STEP_SIZE = 100, 0.1
"""Of a path of Hamiltonian Monte Carlo."""

STREAM_POINTS, STREAM_NOISE, STREAM_LEVELS, STREAM_WEIGHTS, STREAM_PROBES = 1, 2, 3, 10, 100
GOLDEN = 0x9E3779B9


def hash32(values: np.ndarray) -> np.ndarray:
    """Mixes 32-bit integers (the lowbias32 constants), elementwise."""
    values = values.astype(np.uint32)
    with np.errstate(over='ignore'):
        values ^= values >> np.uint32(16)
        values *= np.uint32(0x7FEB352D)
        values ^= values >> np.uint32(15)
        values *= np.uint32(0x846CA68B)
        values ^= values >> np.uint32(16)
    return values


def normals(stream: int, *shape: int) -> np.ndarray:
    """Standard normal numbers of one stream, float64, by Box and Muller."""
    count = int(np.prod(shape))
    indices = np.arange(count, dtype=np.uint64)
    offset = np.uint64((stream * GOLDEN) & 0xFFFFFFFF)
    first = hash32((2 * indices + offset) & np.uint64(0xFFFFFFFF))
    second = hash32((2 * indices + np.uint64(1) + offset) & np.uint64(0xFFFFFFFF))
    u = (first + 0.5) / 2.0**32
    v = (second + 0.5) / 2.0**32
    return (np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)).reshape(shape)


def uniforms(stream: int, count: int) -> np.ndarray:
    """Numbers in (0, 1) of one stream, float64."""
    offset = np.uint64((stream * GOLDEN) & 0xFFFFFFFF)
    return (hash32(np.arange(count, dtype=np.uint64) + offset) + 0.5) / 2.0**32


@dataclass(frozen=True)
class Problem:
    """Points [B, d], noise [B, d] and the parameters of a d–H–…–1 energy: weight [out, in], bias [out], …, last weight [1, H].

    The last layer has no bias: the score does not depend on it.
    """

    points: np.ndarray
    noise: np.ndarray
    parameters: list[np.ndarray]
    levels: np.ndarray
    """Places on the ladder [B], for a dual step."""


def make_dual_problem(d: int, hidden: int, batch: int, dtype: type = np.float32) -> Problem:
    """A dual step: three hidden layers that also see the level, and two draws of noise a row [B, 2d]."""
    wide = make_problem(d + 1, [hidden] * 3, batch, dtype)
    return Problem(
        points=normals(STREAM_POINTS, batch, d).astype(dtype),
        noise=normals(STREAM_NOISE, batch, 2 * d).astype(dtype),
        parameters=wide.parameters,
        levels=wide.levels,
    )


def make_problem(d: int, hidden: list[int], batch: int, dtype: type = np.float32) -> Problem:
    """Inputs for one step; weights are N(0, 1/in), biases N(0, 0.01)."""
    sizes = [d, *hidden, 1]
    parameters: list[np.ndarray] = []
    for layer, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:])):
        parameters.append((normals(STREAM_WEIGHTS + 2 * layer, fan_out, fan_in) / np.sqrt(fan_in)).astype(dtype))
        if layer < len(hidden):
            parameters.append((0.1 * normals(STREAM_WEIGHTS + 2 * layer + 1, fan_out)).astype(dtype))
    return Problem(
        points=normals(STREAM_POINTS, batch, d).astype(dtype),
        noise=normals(STREAM_NOISE, batch, d).astype(dtype),
        parameters=parameters,
        levels=uniforms(STREAM_LEVELS, batch).astype(dtype),
    )


def fingerprint(gradients: list[np.ndarray]) -> dict[str, float]:
    """A gradient in two numbers: its norm, and its product with a fixed random direction of unit expected length per entry."""
    norm, probe = 0.0, 0.0
    for index, gradient in enumerate(gradients):
        values = np.asarray(gradient, dtype=np.float64)
        norm += float(np.sum(values * values))
        probe += float(np.sum(values * normals(STREAM_PROBES + index, *values.shape)))
    return {'gradientNorm': float(np.sqrt(norm)), 'gradientProbe': probe}
