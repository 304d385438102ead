"""The six H×H matrix products of a denoising step alone, in PyTorch: what its matrix library makes of them."""

from __future__ import annotations

from typing import Any

import torch
from problem import make_problem
from worker import Step, serve


def make_step(request: dict[str, Any]) -> Step:
    """The products of gemm_model.py, into buffers made once."""
    torch.set_num_threads(request['threads'])
    hidden, batch = request['hidden'], request['batch']
    problem = make_problem(hidden, [hidden] * 2, batch)
    a, w = torch.tensor(problem.points), torch.tensor(problem.parameters[2])
    y1, y2, y3, y4 = (torch.empty(batch, hidden) for _ in range(4))
    g = torch.empty(hidden, hidden)

    def run() -> None:
        torch.mm(a, w.T, out=y1)
        torch.mm(y1, w, out=y2)
        torch.mm(y2, w.T, out=y3)
        torch.mm(y3, w, out=y4)
        torch.mm(y1.T, y2, out=g)
        g.addmm_(y3.T, y4)

    return Step(run)


if __name__ == '__main__':
    serve(make_step, {'torch': torch.__version__})
