"""Writes the ONNX model of the six H×H matrix products of one denoising step, and nothing else.

They are: the second layer forward, its transpose in the score, the same two again when the step differentiates through
the score, and the two contributions to the second weight's gradient, added by the last Gemm. Run: python gemm_model.py OUT
"""

from __future__ import annotations

import sys

import onnx
from onnx import TensorProto, helper


def main(out: str) -> None:
    """Inputs a [B, H] and w [H, H]; output g [H, H]. B and H are symbolic."""
    nodes = [
        helper.make_node('Gemm', ['a', 'w'], ['y1'], transB=1),
        helper.make_node('Gemm', ['y1', 'w'], ['y2']),
        helper.make_node('Gemm', ['y2', 'w'], ['y3'], transB=1),
        helper.make_node('Gemm', ['y3', 'w'], ['y4']),
        helper.make_node('Gemm', ['y1', 'y2'], ['g1'], transA=1),
        helper.make_node('Gemm', ['y3', 'y4', 'g1'], ['g'], transA=1),
    ]
    tensor = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)  # noqa: E731
    graph = helper.make_graph(nodes, 'gemms', [tensor('a', ['B', 'H']), tensor('w', ['H', 'H'])], [tensor('g', ['H', 'H'])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 21)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, out)


if __name__ == '__main__':
    main(sys.argv[1])
