"""The worker protocol of the Python peers: one JSON request a line on stdin, one JSON answer a line on stdout.

A request names a step: {"objective": "dsm" | "sm", "d", "hidden", "batch", "threads", "whole": false, "repeats": N}.
"whole" adds drawing the noise and one Adam update to the step. With "repeats": 0 the step is only built, warmed up
and checked: the answer then has "loss", "gradientNorm" and "gradientProbe" (see problem.py) beside "compileSeconds".
Otherwise the answer has "milliseconds" (the minimum) and "median" over the repeats. A failure answers {"error": message}.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
import traceback
from dataclasses import dataclass, replace
from typing import Any, Callable

from problem import fingerprint

WARM_UP_SECONDS = 0.3
LONG_SECONDS = 3.0
"""A step that takes so long is not repeated for the sake of warming up."""


@dataclass(frozen=True)
class Step:
    """One compiled step: `run()` performs it and waits for the result; `read()` gives (loss, gradients as arrays).

    `variant` names the form that was chosen when a peer has several, `compile_seconds` is then its own share of the
    building; `scale` turns the peer's own loss into ours.
    """

    run: Callable[[], Any]
    read: Callable[[], tuple[float, list[Any]]] | None = None
    variant: str = ''
    scale: float = 1.0
    compile_seconds: float | None = None


def fastest(candidates: dict[str, Callable[[], Step]], seconds: float = 0.4) -> Step:
    """Builds every candidate and returns the one with the smallest minimum over `seconds` of runs each."""
    best: tuple[float, Step] | None = None
    for name, build in candidates.items():
        step, compile_seconds = build_and_warm(build)
        shortest = float('inf')
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            shortest = min(shortest, time_once(step))
        if best is None or shortest < best[0]:
            best = (shortest, replace(step, variant=name, compile_seconds=compile_seconds))
    assert best is not None
    return best[1]


def time_once(step: Step) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    step.run()
    return time.perf_counter() - start


def build_and_warm(build: Callable[[], Step]) -> tuple[Step, float]:
    """Builds a step and warms it up; returns it with the seconds that building and the first run cost beyond a usual run."""
    start = time.perf_counter()
    step = build()
    built = time.perf_counter() - start
    first = warm_up(step)
    usual = first if first > LONG_SECONDS else min(time_once(step) for _ in range(5))
    return step, built + max(0.0, first - usual)


def warm_up(step: Step, seconds: float = WARM_UP_SECONDS) -> float:
    """Runs for `seconds` and at least five times, a long step once; returns how long the first run took, compilation included."""
    first = time_once(step)
    if first > LONG_SECONDS:
        return first
    end = time.perf_counter() + seconds
    runs = 0
    while runs < 5 or time.perf_counter() < end:
        step.run()
        runs += 1
    return first


def serve(make_step: Callable[[dict[str, Any]], Step], versions: dict[str, str]) -> None:
    """Answers requests until stdin closes; steps are kept, so a later request for the same one starts warm."""
    # Libraries print warnings to stdout now and then; the protocol keeps the real stdout for itself.
    out = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(2, 1)
    out.write(json.dumps({'ready': True, 'versions': versions}) + '\n')
    steps: dict[str, Step] = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = answer_request(make_step, request, steps)
        except Exception as error:  # noqa: BLE001: the driver records a peer that cannot do a step and goes on
            traceback.print_exc()
            answer = {'error': f'{type(error).__name__}: {error}'[:400]}
        out.write(json.dumps(answer) + '\n')


def answer_request(
    make_step: Callable[[dict[str, Any]], Step], request: dict[str, Any], steps: dict[str, Step]
) -> dict[str, Any]:
    """Builds the step on its first request, times it on the later ones."""
    repeats = int(request.pop('repeats'))
    key = json.dumps(request, sort_keys=True)
    if key not in steps:
        step, compile_seconds = build_and_warm(lambda: make_step(request))
        steps[key] = step
        if step.compile_seconds is not None:
            compile_seconds = step.compile_seconds
    else:
        step, compile_seconds = steps[key], None
    answer: dict[str, Any] = {'compileSeconds': compile_seconds, 'variant': step.variant}
    if repeats == 0:
        if step.read is not None:
            loss, gradients = step.read()
            scaled = {name: value * step.scale for name, value in fingerprint(gradients).items()}
            answer |= {'loss': loss * step.scale, **scaled}
        return answer
    samples = [time_once(step) for _ in range(repeats)]
    return answer | {'milliseconds': 1e3 * min(samples), 'median': 1e3 * statistics.median(samples)}
