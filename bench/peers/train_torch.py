"""The end-to-end script of a PyTorch user: CSV in, a neural energy fitted by denoising score matching, model file out.

Run: python train_torch.py DATA.csv MODEL.pt [--steps 2000] [--batch 256] [--threads 2] [--seed 0]
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from torch import nn


class Energy(nn.Module):
    """E(x) of a d–128–128–1 network with SiLU."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(d, 128), nn.SiLU(), nn.Linear(128, 128), nn.SiLU(), nn.Linear(128, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x).squeeze(-1)


def main() -> None:
    """Reads, standardizes, trains, saves."""
    parser = argparse.ArgumentParser()
    parser.add_argument('data')
    parser.add_argument('model')
    parser.add_argument('--steps', type=int, default=2000)
    parser.add_argument('--batch', type=int, default=256)
    parser.add_argument('--noise', type=float, default=0.1, help='in standard deviations of the columns')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    table = torch.from_numpy(np.loadtxt(options.data, delimiter=',', skiprows=1, ndmin=2).astype(np.float32))
    mean, deviation = table.mean(dim=0), table.std(dim=0)
    table = (table - mean) / deviation

    sigma = options.noise
    energy = Energy(table.shape[1])
    optimizer = torch.optim.Adam(energy.parameters(), lr=1e-3, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.steps)
    total = 0.0
    for step in range(options.steps):
        x = table[torch.randint(len(table), (options.batch,))]
        noisy = (x + sigma * torch.randn_like(x)).requires_grad_(True)
        (gradient,) = torch.autograd.grad(energy(noisy).sum(), noisy, create_graph=True)
        loss = (x - noisy.detach() + sigma**2 * gradient).square().sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += loss.item() if step >= options.steps - 100 else 0.0
    torch.save({'state': energy.state_dict(), 'mean': mean, 'deviation': deviation, 'noise': sigma}, options.model)
    print(f'mean objective of the last 100 steps: {total / min(100, options.steps):.6f}')


if __name__ == '__main__':
    main()
