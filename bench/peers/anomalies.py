"""One-class tasks from the tables that ship in scikit-learn, and what its own detectors reach: a JSON line for each task and split.

A class is normal, all others are anomalies; half of the normal rows train, the other half and all anomalies are tested. Columns
that the training rows determine by others (constants, copies, sums) are left out. Usage: anomalies.py SPLITS
"""

from __future__ import annotations

import json
import sys
from typing import Any, Callable, Iterator

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

NEIGHBORS = 5

TABLES: dict[str, tuple[Callable[[], Any], list[int]]] = {
    # The classes that are normal: the benign tumours; every wine; every digit.
    'breast cancer': (load_breast_cancer, [1]),
    'wine': (load_wine, [0, 1, 2]),
    'digits': (load_digits, list(range(10))),
}


def neighbor_distance(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Distance to the fifth nearest training row."""
    distances, _ = NearestNeighbors(n_neighbors=NEIGHBORS).fit(train).kneighbors(test)
    return distances[:, -1]


def independent(train: np.ndarray) -> np.ndarray:
    """Columns that are no linear function of those before: pixels at the edge are dark in all training rows, or tied to their neighbours."""
    centered = train - train.mean(axis=0)
    lengths = np.linalg.norm(centered, axis=0)
    kept: list[int] = []
    basis = np.zeros((len(train), 0))
    for j in np.flatnonzero(lengths > 0):
        rest = centered[:, j] / lengths[j]
        for _ in range(2):
            rest = rest - basis @ (basis.T @ rest)
        if np.linalg.norm(rest) > 1e-6:
            kept.append(j)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return np.array(kept)


def tasks(splits: int) -> Iterator[dict[str, Any]]:
    for table, (load, classes) in TABLES.items():
        data = load()
        for normal in classes:
            rows, others = data.data[data.target == normal], data.data[data.target != normal]
            for split in range(splits):
                order = np.random.default_rng(split).permutation(len(rows))
                train, unseen = rows[order[: len(rows) // 2]], rows[order[len(rows) // 2 :]]
                kept = independent(train)
                train, test = train[:, kept], np.concatenate([unseen, others])[:, kept]
                anomalous = np.arange(len(test)) >= len(unseen)
                mean, deviation = train.mean(axis=0), train.std(axis=0)
                forest = IsolationForest(random_state=split).fit(train)
                scores = {
                    'neighbors': neighbor_distance((train - mean) / deviation, (test - mean) / deviation),
                    'neighborsInUnits': neighbor_distance(train, test),
                    'forest': -forest.score_samples(test),
                }
                yield {
                    'table': table, 'normal': str(data.target_names[normal]), 'split': split, 'unseen': len(unseen),
                    'columns': [str(name) for name in np.asarray(data.feature_names)[kept]],
                    'train': train.tolist(), 'test': test.tolist(),
                    'areas': {name: roc_auc_score(anomalous, score) for name, score in scores.items()},
                }


for task in tasks(int(sys.argv[1])):
    print(json.dumps(task))
