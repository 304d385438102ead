// Derivatives with known answers: closed forms to third order, polynomials exactly, the two Laplacians of a network.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { directional, tangents } from '../../src/differentiate/forward.ts'
import { adjoints, gradient } from '../../src/differentiate/reverse.ts'
import { forwardLaplacian, jacobian, laplacian } from '../../src/differentiate/second-order.ts'
import { substitute } from '../../src/differentiate/substitute.ts'
import { vectorize } from '../../src/differentiate/vectorize.ts'
import { evaluate } from '../../src/engine/reference.ts'
import { Graph, ROWS } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import { add, mul, pow, power, reciprocal, sqrt, square, subtract } from '../../src/graph/ops/arithmetic.ts'
import { logSumExp } from '../../src/graph/ops/compound.ts'
import { matmul } from '../../src/graph/ops/contract.ts'
import { exp, log, log1p } from '../../src/graph/ops/exponential.ts'
import { tanh } from '../../src/graph/ops/hyperbolic.ts'
import { allOps } from '../../src/graph/ops/index.ts'
import { constant, input } from '../../src/graph/ops/leaf.ts'
import { expand, expandOp, fill, reshape, scale, sum } from '../../src/graph/ops/linear.ts'
import { singlesOf, slice } from '../../src/graph/ops/rearrange.ts'
import { sigmoid, softplus } from '../../src/graph/ops/sigmoidal.ts'
import { atan, cos, sin } from '../../src/graph/ops/trigonometric.ts'
import { tensor } from '../../src/graph/tensor.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { trace } from '../../src/model/model.ts'

const value = (node: Node, feeds: readonly (readonly [Node, readonly number[]])[]): Float64Array =>
  evaluate([node], new Map(feeds.map(([leaf, data]) => [leaf, tensor(leaf.shape, data)])))[0].data

const byReverse = (f: Node, x: Node): Node => gradient(f, [x])[0]
const byForward = (f: Node, x: Node): Node => directional([f], new Map([[x, fill(x.graph, 1, [])]]))[0]

describe('functions of one number, to third order', () => {
  const at = [0.3, 1.7]
  const s = (a: number): number => 1 / (1 + Math.exp(-a))
  const t = Math.tanh
  // f′, f″, f‴ by hand.
  const functions: [string, (x: Node) => Node, ((a: number) => number)[]][] = [
    ['x⁷', (x) => power(x, 7), [(a) => 7 * a ** 6, (a) => 42 * a ** 5, (a) => 210 * a ** 4]],
    ['e²ˣ', (x) => exp(scale(x, 2)), [(a) => 2 * Math.exp(2 * a), (a) => 4 * Math.exp(2 * a), (a) => 8 * Math.exp(2 * a)]],
    ['log x', log, [(a) => 1 / a, (a) => -1 / a ** 2, (a) => 2 / a ** 3]],
    ['log(1 + x)', log1p, [(a) => 1 / (1 + a), (a) => -1 / (1 + a) ** 2, (a) => 2 / (1 + a) ** 3]],
    ['1/x', reciprocal, [(a) => -1 / a ** 2, (a) => 2 / a ** 3, (a) => -6 / a ** 4]],
    ['√x', sqrt, [(a) => 0.5 * a ** -0.5, (a) => -0.25 * a ** -1.5, (a) => 0.375 * a ** -2.5]],
    ['x^½·5', (x) => power(x, 2.5), [(a) => 2.5 * a ** 1.5, (a) => 3.75 * a ** 0.5, (a) => 1.875 * a ** -0.5]],
    ['eˣ sin x', (x) => mul(exp(x), sin(x)), [
      (a) => Math.exp(a) * (Math.sin(a) + Math.cos(a)), (a) => 2 * Math.exp(a) * Math.cos(a), (a) => 2 * Math.exp(a) * (Math.cos(a) - Math.sin(a)),
    ]],
    ['cos x²', (x) => cos(square(x)), [
      (a) => -2 * a * Math.sin(a * a), (a) => -2 * Math.sin(a * a) - 4 * a * a * Math.cos(a * a), (a) => -12 * a * Math.cos(a * a) + 8 * a ** 3 * Math.sin(a * a),
    ]],
    ['tanh x', (x) => tanh(x), [(a) => 1 - t(a) ** 2, (a) => -2 * t(a) * (1 - t(a) ** 2), (a) => (6 * t(a) ** 2 - 2) * (1 - t(a) ** 2)]],
    ['softplus x', softplus, [s, (a) => s(a) * (1 - s(a)), (a) => s(a) * (1 - s(a)) * (1 - 2 * s(a))]],
    ['sigmoid x', (x) => sigmoid(x), [(a) => s(a) * (1 - s(a)), (a) => s(a) * (1 - s(a)) * (1 - 2 * s(a)), (a) => s(a) * (1 - s(a)) * (1 - 6 * s(a) + 6 * s(a) ** 2)]],
    ['atan x', atan, [(a) => 1 / (1 + a * a), (a) => -2 * a / (1 + a * a) ** 2, (a) => (6 * a * a - 2) / (1 + a * a) ** 3]],
    ['xˣ', (x) => pow(x, x), [
      (a) => a ** a * (1 + Math.log(a)), (a) => a ** a * ((1 + Math.log(a)) ** 2 + 1 / a),
      (a) => a ** a * ((1 + Math.log(a)) ** 3 + 3 * (1 + Math.log(a)) / a - 1 / a ** 2),
    ]],
    ['−½x² + x⁴, the double well', (x) => subtract(power(x, 4), scale(square(x), 0.5)), [(a) => 4 * a ** 3 - a, (a) => 12 * a * a - 1, (a) => 24 * a]],
  ]
  test.each(functions)('%s', (_, f, derivatives) => {
    const x = input(new Graph(), 'x', [])
    // Every way to take each of the three: reverse or forward.
    for (let modes = 0; modes < 8; modes++) {
      let node = f(x)
      derivatives.forEach((expected, order) => {
        node = (modes & (1 << order) ? byForward : byReverse)(node, x)
        for (const a of at) {
          const want = expected(a)
          expect(Math.abs(value(node, [[x, [a]]])[0] - want), `derivative ${order + 1} at ${a}, modes ${modes}`).toBeLessThanOrEqual(2e-14 * Math.max(1, Math.abs(want)) * 10 ** order)
        }
      })
    }
  })
})

describe('functions of several numbers', () => {
  test('quadratic form: Kx + Kᵀx, K + Kᵀ, Laplacian 2 tr K', () => {
    const graph = new Graph()
    const [x, k] = [input(graph, 'x', [3]), input(graph, 'K', [3, 3])]
    const numbers = [2, -1, 3, 0, 5, 7, -4, 1, 6]
    const feeds = [[x, [1, 2, -3]], [k, numbers]] as const
    const form = sum(mul(x, matmul(k, x)))
    expect(Array.from(value(byReverse(form, x), feeds))).toEqual([-9 + 14, -11 + 6, -20 - 1])
    expect(Array.from(value(byReverse(form, k), feeds))).toEqual([1, 2, -3, 2, 4, -6, -3, -6, 9])
    expect(Array.from(value(jacobian([byReverse(form, x)], x)[0], feeds))).toEqual([4, -1, -1, -1, 10, 8, -1, 8, 12])
    expect(value(laplacian(form, x), feeds)[0]).toBe(26)
    expect(value(forwardLaplacian(form, x), feeds)[0]).toBe(26)
  })

  test('logSumExp: the gradient is the softmax, the Hessian diag p − ppᵀ', () => {
    const x = input(new Graph(), 'x', [3])
    const at = [0.3, -1, 2]
    const total = at.reduce((sofar, a) => sofar + Math.exp(a), 0)
    const p = at.map((a) => Math.exp(a) / total)
    const f = logSumExp(x)
    value(byReverse(f, x), [[x, at]]).forEach((g, k) => expect(g).toBeCloseTo(p[k], 14))
    value(jacobian([byReverse(f, x)], x)[0], [[x, at]]).forEach((h, k) => expect(h).toBeCloseTo((k % 4 === 0 ? p[k / 4] : 0) - p[Math.floor(k / 3)] * p[k % 3], 14))
    expect(value(laplacian(f, x), [[x, at]])[0]).toBeCloseTo(1 - p.reduce((sofar, each) => sofar + each * each, 0), 14)
  })

  test('the Jacobian has the direction axis first and keeps the shape of the output', () => {
    const x = input(new Graph(), 'x', [2])
    const outer = mul(reshape(x, [2, 1]), reshape(x, [1, 2]))
    const [j] = jacobian([outer], x)
    expect(j.shape).toEqual([2, 2, 2])
    expect(Array.from(value(j, [[x, [3, 5]]]))).toEqual([6, 5, 5, 0, 0, 3, 3, 10])
    expect(value(jacobian([constant(x.graph, [1, 2, 3])], x)[0], [])).toEqual(new Float64Array(6))
  })

  // Polynomials of degree four with whole coefficients at whole points: every number is whole, so equality is exact.
  const monomial = fc.record({ coefficient: fc.integer({ min: -9, max: 9 }), powers: fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)).filter((p) => p[0] + p[1] + p[2] <= 4) })
  type Monomial = { readonly coefficient: number; readonly powers: readonly number[] }
  const plain = (terms: readonly Monomial[], x: readonly number[], order: readonly number[]): number => terms.reduce((total, { coefficient, powers }) => {
    let product = coefficient
    powers.forEach((p, j) => {
      for (let k = 0; k < order[j]; k++) product *= p - k
      product *= p >= order[j] ? x[j] ** (p - order[j]) : 0
    })
    return total + product
  }, 0)
  const unit = (...axes: number[]): number[] => [0, 1, 2].map((k) => axes.filter((axis) => axis === k).length)

  test('quartic polynomials: gradient, Hessian, both Laplacians and the gradient of the Laplacian, exactly', () => {
    fc.assert(fc.property(fc.array(monomial, { minLength: 1, maxLength: 8 }), fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 })), (terms, at) => {
      const x = input(new Graph(), 'x', [3])
      const element = (j: number): Node => reshape(slice(x, 0, j, 1), [])
      const f = terms.map(({ coefficient, powers }) => scale(powers.map((p, j) => power(element(j), p)).reduce((a, b) => mul(a, b)), coefficient)).reduce((a, b) => add(a, b))
      const g = byReverse(f, x)
      const laplace = laplacian(f, x)
      const at3 = [[x, at]] as const
      const sumOver = (list: readonly number[][]): number => list.reduce((total, order) => total + plain(terms, at, order), 0)
      const same = (actual: Float64Array, expected: readonly number[]): void => expect(Array.from(actual, (v) => v + 0)).toEqual(expected.map((v) => v + 0))
      same(value(f, at3), [plain(terms, at, [0, 0, 0])])
      same(value(g, at3), [0, 1, 2].map((i) => plain(terms, at, unit(i))))
      same(value(jacobian([g], x)[0], at3), [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => plain(terms, at, unit(i, j)))))
      same(value(laplace, at3), [sumOver([0, 1, 2].map((j) => unit(j, j)))])
      same(value(forwardLaplacian(f, x), at3), [sumOver([0, 1, 2].map((j) => unit(j, j)))])
      same(value(byReverse(laplace, x), at3), [0, 1, 2].map((i) => sumOver([0, 1, 2].map((j) => unit(i, j, j)))))
      same(value(laplacian(laplace, x), at3), [sumOver([0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => unit(i, i, j, j))))])
    }), { numRuns: 200, seed: 7 })
  })

  test('by single elements: those that are not used, weights, a use of the whole beside them', () => {
    const x = input(new Graph(), 'x', [3])
    const element = (j: number): Node => reshape(slice(x, 0, j, 1), [])
    const at = [[x, [0.4, 7, -1.2]]] as const
    // f = e^a c² of the first and the last.
    const f = mul(exp(element(0)), square(element(2)))
    const e = Math.exp(0.4)
    const g = gradient(f, [x])[0]
    expect(singlesOf(g)).toHaveLength(3)
    value(g, at).forEach((own, k) => expect(own).toBeCloseTo([e * 1.44, 0, -2.4 * e][k], 13))
    expect(value(laplacian(f, x), at)[0]).toBeCloseTo(e * (1.44 + 2), 13)
    expect(value(laplacian(f, x, constant(x.graph, [10, 5, 3])), at)[0]).toBeCloseTo(e * (14.4 + 6), 12)
    const both = add(f, sum(power(x, 3)))
    value(gradient(both, [x])[0], at).forEach((own, k) => expect(own).toBeCloseTo([e * 1.44 + 0.48, 147, -2.4 * e + 4.32][k], 12))
    expect(value(laplacian(both, x, constant(x.graph, [10, 5, 3])), at)[0]).toBeCloseTo(e * (14.4 + 6) + 24 + 210 - 21.6, 12)
  })

  test.each([['silu', 2], ['tanh', 5], ['softplus', 3], ['sigmoid', 4]] as const)('a network with %s in %i columns: both Laplacians and the trace of the Hessian', (activation, d) => {
    const model = mlp({ hidden: [16, 11], activation, quadratic: Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0)) })
    const traced = trace(model, d)
    const theta = Array.from(model.initial!(createRandom(d), d), (v) => 1.5 * v)
    const x = Array.from({ length: d }, (_, j) => Math.sin(2 + j))
    const [score] = gradient(traced.logDensity, [traced.x])
    const feeds = [[traced.x, x], [traced.theta, theta]] as const
    const hessian = value(jacobian([score], traced.x)[0], feeds)
    const sumOfDiagonal = x.reduce((total, _, j) => total + hessian[j * (d + 1)], 0)
    const size = Math.max(...hessian.map(Math.abs))
    expect(Math.abs(value(laplacian(traced.logDensity, traced.x), feeds)[0] - sumOfDiagonal)).toBeLessThanOrEqual(1e-12 * size)
    expect(Math.abs(value(forwardLaplacian(traced.logDensity, traced.x), feeds)[0] - sumOfDiagonal)).toBeLessThanOrEqual(1e-12 * size)
  })
})

describe('what does not move', () => {
  test('gradients of independent things are zeros of their shape, and take no memory', () => {
    const graph = new Graph()
    const [x, y] = [input(graph, 'x', [2, 3]), input(graph, 'y', [])]
    const [g] = gradient(square(y), [x])
    expect(g).toBe(fill(graph, 0, [2, 3]))
    expect(g.op).toBe(expandOp)
    expect(adjoints(square(y), [x]).size).toBe(0)
    expect(tangents([square(y)], new Map([[x, x]])).size).toBe(1)
    expect(laplacian(square(y), x)).toBe(fill(graph, 0, []))
    expect(forwardLaplacian(square(y), x)).toBe(fill(graph, 0, []))
    expect(forwardLaplacian(sum(x), x)).toBe(fill(graph, 0, []))
  })

  test('only scalars have gradients', () => {
    const x = input(new Graph(), 'x', [2])
    expect(() => gradient(square(x), [x])).toThrow('only a scalar has a gradient, this has shape [2]')
  })

  test('a source that is not a leaf: what lies behind it is left alone', () => {
    const x = input(new Graph(), 'x', [])
    const u = square(x)
    const f = mul(u, sin(x))
    expect(byReverse(f, u)).toBe(sin(x))
    expect(directional([f], new Map([[u, fill(x.graph, 1, [])]]))[0]).toBe(sin(x))
  })
})

describe('substitute', () => {
  test('every use is replaced, and nothing else is built anew', () => {
    const graph = new Graph()
    const [x, y, z] = [input(graph, 'x', [3]), input(graph, 'y', [3]), input(graph, 'z', [3])]
    const [first, second] = substitute([mul(tanh(x), y), exp(y)], new Map([[x, z]]))
    expect(first).toBe(mul(tanh(z), y))
    expect(second).toBe(exp(y))
  })

  test('rules get their chance: literals fold', () => {
    const graph = new Graph()
    const [x, y] = [input(graph, 'x', [3]), input(graph, 'y', [3])]
    expect(substitute([mul(exp(x), y)], new Map([[x, fill(graph, 0, [3])]]))[0]).toBe(y)
    expect(substitute([add(x, y)], new Map([[x, y]]))[0]).toBe(scale(y, 2))
  })

  test('a replacement is not itself replaced', () => {
    const graph = new Graph()
    const x = input(graph, 'x', [])
    expect(substitute([exp(x)], new Map([[x, add(x, constant(graph, 1))]]))[0]).toBe(exp(add(x, constant(graph, 1))))
  })

  test('inner nodes can be replaced, and an output itself', () => {
    const graph = new Graph()
    const [x, y] = [input(graph, 'x', []), input(graph, 'y', [])]
    const u = tanh(x)
    expect(substitute([exp(u), u], new Map([[u, y]]))).toEqual([exp(y), y])
  })
})

describe('vectorize', () => {
  const samples = allOps().flatMap(({ op }) => op.samples.map((sample, k) => ({ title: `${op.name} #${k + 1}`, op, sample })))
  test.each(samples)('$title: any of its inputs over rows, the others fixed', ({ op, sample }) => {
    for (let which = 1; which < 2 ** sample.inputs.length; which++) {
      const graph = new Graph()
      const inputs = sample.inputs.map(({ shape }, k) => input(graph, `x${k}`, shape))
      const isWide = (k: number): boolean => (which & (1 << k)) !== 0
      const wide = inputs.map((node, k) => (isWide(k) ? input(graph, `rows ${k}`, [ROWS, ...node.shape]) : node))
      const output = graph.node(op, inputs, sample.attributes)
      const [all] = vectorize([output], new Map(inputs.flatMap((node, k) => (isWide(k) ? [[node, wide[k]]] : []))), ROWS)
      const factors = [1, 0.9, 0.8]
      const valueAt = (k: number, factor: number): Float64Array => sample.inputs[k].data.map((v) => v * factor)
      const feeds = wide.map((node, k) => [node, tensor(isWide(k) ? [3, ...inputs[k].shape] : node.shape, isWide(k) ? factors.flatMap((factor) => Array.from(valueAt(k, factor))) : valueAt(k, 1))] as const)
      const found = evaluate([all], new Map(feeds), 3)[0]
      const expected = factors.flatMap((factor) => Array.from(evaluate([output], new Map(inputs.map((node, k) => [node, tensor(node.shape, valueAt(k, isWide(k) ? factor : 1))])))[0].data))
      // Sums may be taken in another order.
      const size = Math.max(1, ...expected.map(Math.abs))
      expect(found.shape).toEqual([3, ...output.shape])
      expected.forEach((v, k) => expect(Math.abs(found.data[k] - v), `inputs ${which}, element ${k}`).toBeLessThanOrEqual(1e-14 * size))
    }
  })

  test('an output that does not depend on the rows is repeated', () => {
    const graph = new Graph()
    const [x, y] = [input(graph, 'x', [2]), input(graph, 'y', [2])]
    const [repeated] = vectorize([y], new Map([[x, input(graph, 'rows', [ROWS, 2])]]), ROWS)
    expect(repeated).toBe(expand(reshape(y, [1, 2]), [ROWS, 2]))
  })

  test('twice, over rows and over directions, as the Jacobian of a batch does', () => {
    const graph = new Graph()
    const x = input(graph, 'x', [2])
    const [j] = jacobian([mul(x, sum(square(x)))], x)
    const rows = input(graph, 'rows', [ROWS, 2])
    const [all] = vectorize([j], new Map([[x, rows]]), ROWS)
    // ∂ᵢ(xⱼ‖x‖²) = δᵢⱼ‖x‖² + 2xᵢxⱼ
    const expected = [[1, 2], [-3, 4]].flatMap(([a, b]) => [a * a + b * b + 2 * a * a, 2 * a * b, 2 * a * b, a * a + b * b + 2 * b * b])
    expect(Array.from(evaluate([all], new Map([[rows, tensor([2, 2], [1, 2, -3, 4])]]), 2)[0].data)).toEqual(expected)
  })
})
