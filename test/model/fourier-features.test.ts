// Fourier features of a noisy point: their values, and that each is its own convolution with the noise.
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { gradient } from '../../src/differentiate/reverse.ts'
import { evaluate } from '../../src/engine/reference.ts'
import type { Node } from '../../src/graph/node.ts'
import { reshape } from '../../src/graph/ops/linear.ts'
import { slice } from '../../src/graph/ops/rearrange.ts'
import { tensor } from '../../src/graph/tensor.ts'
import { fourierFeatures, frequencies } from '../../src/model/fourier-features.ts'
import { defineModel, trace } from '../../src/model/model.ts'

const vectors = [[2, -1], [0.3, 4]]
const points = [{ y: [0.3, 0.4], t: 0.1 }, { y: [-1.7, 0.2], t: 0.001 }, { y: [5, -3], t: 4 }]

/** Value, ∂ₜ and the Laplacian of feature k. */
function feature(k: number, y: readonly number[], t: number): readonly number[] {
  const { logDensity, x, t: level } = trace(defineModel({ name: 'feature', parameters: {}, logDensity: (_, y_, t_) => fourierFeatures(y_, t_, vectors).at(k) }), 2)
  const [inSpace, inLevel] = gradient(logDensity, [x, level!])
  const element = (node: Node, j: number): Node => reshape(slice(node, 0, j, 1), [])
  const second = [0, 1].map((j) => element(gradient(element(inSpace, j), [x])[0], j))
  const [value, slope, ...bends] = evaluate([logDensity, inLevel, ...second], new Map([[x, tensor([2], y)], [level!, tensor([], [t])]])).map(({ data }) => data[0])
  return [value, slope, bends[0] + bends[1]]
}

test('are exp(−½‖w‖²t) times cos and sin of w·y', () => {
  expect(feature(0, [0.3, 0.4], 0.1)[0]).toBeCloseTo(Math.exp(-0.25) * Math.cos(0.2), 14)
  expect(feature(3, [0.3, 0.4], 0.1)[0]).toBeCloseTo(Math.exp(-0.05 * 16.09) * Math.sin(1.69), 14)
})

test('obey the heat equation ∂ₜ = ½Δ, as the density of noisy data does', () => {
  for (const { y, t } of points) {
    for (let k = 0; k < 4; k++) {
      const [, slope, laplacian] = feature(k, y, t)
      expect(slope).toBeCloseTo(laplacian / 2, 12)
    }
  }
})

test('frequencies have the lengths asked for, at equal ratios, and are the same each time', () => {
  const drawn = frequencies(3, 5, 1, 100, createRandom(1))
  expect(drawn.map((w) => Math.hypot(...w))).toEqual([1, 10, 100].map((length) => expect.closeTo(length, 10)))
  expect(frequencies(3, 5, 1, 100, createRandom(1))).toEqual(drawn)
})
