"""Peer: TorchEBM, its own loss classes on our energy given as its BaseModel."""

from __future__ import annotations

from typing import Any

import torch
import torchebm
from problem import SIGMA, make_problem
from torch_models import Energy, tensors
from torchebm.core import BaseModel
from torchebm.losses import DenoisingScoreMatching, ScoreMatching
from worker import Step, serve


class Model(BaseModel):
    """Our energy behind TorchEBM's interface."""

    def __init__(self, energy: Energy) -> None:
        super().__init__()
        self.energy = energy

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.energy(x)


class DenoisingWithGivenNoise(DenoisingScoreMatching):
    """Its denoising loss with the noise handed in, so that a gradient step times no random numbers, as everywhere here."""

    given: torch.Tensor

    def perturb_data(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        return (x + self.given).detach().requires_grad_(True), self.given


def make_step(request: dict[str, Any]) -> Step:
    """One step of the request, with TorchEBM's defaults."""
    torch.set_num_threads(request['threads'])
    problem = make_problem(request['d'], [request['hidden']] * 2, request['batch'])
    model = Model(Energy(problem.parameters))
    points, noise = tensors(problem)
    parameters = list(model.parameters())
    whole = bool(request.get('whole'))
    if request['objective'] == 'sm':
        objective, scale = ScoreMatching(model=model, hessian_method='exact'), 1.0
    else:
        # Its loss is ½‖∇E(x̃) − σn/σ²‖², ours σ⁴ times twice that.
        scale = 2 * SIGMA**4
        if whole:
            objective = DenoisingScoreMatching(model=model, noise_scale=SIGMA)
        else:
            objective = DenoisingWithGivenNoise(model=model, noise_scale=SIGMA)
            objective.given = SIGMA * noise

    if not whole:

        def gradients() -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
            loss = objective(points)
            return loss, torch.autograd.grad(loss, parameters)

        def read() -> tuple[float, list[Any]]:
            loss, values = gradients()
            return loss.item(), [value.numpy() for value in values]

        return Step(gradients, read, scale=scale)

    optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)

    def run() -> None:
        optimizer.zero_grad()
        objective(points).backward()
        optimizer.step()

    return Step(run)


if __name__ == '__main__':
    serve(make_step, {'torch': torch.__version__, 'torchebm': torchebm.__version__})
