// Trigonometric and special functions against values computed with 150 digits (mpmath) and rounded to float64, on every engine.
import fc from 'fast-check'
import * as onnxruntime from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { gradient } from '../../src/differentiate/reverse.ts'
import type { OnnxRuntime } from '../../src/engine/onnx.ts'
import { onnxEngine } from '../../src/engine/onnx.ts'
import { evaluate } from '../../src/engine/reference.ts'
import { Graph, ROWS } from '../../src/graph/node.ts'
import type { ElementType, Node } from '../../src/graph/node.ts'
import * as exponential from '../../src/graph/ops/exponential.ts'
import { input } from '../../src/graph/ops/leaf.ts'
import { sum } from '../../src/graph/ops/linear.ts'
import * as special from '../../src/graph/ops/special.ts'
import * as trigonometric from '../../src/graph/ops/trigonometric.ts'
import { tensor } from '../../src/graph/tensor.ts'
import * as expression from '../../src/model/expression.ts'

type Rule = (a: Node) => Node
type Points = readonly (readonly [at: number, value: number])[]
interface Known {
  readonly rule: Rule
  readonly points: Points
  /** Error bound in float64, of the value or, where `mixed`, of max(1, |value|). */
  readonly tolerance?: number
  readonly mixed?: boolean
}

const known: Record<string, Known> = {
  log1p: { rule: exponential.log1p, points: [[0, 0], [1e-10, 9.999999999500001e-11], [-1e-5, -1.0000050000333337e-05], [0.5, 0.4054651081081644], [-0.96875, -3.4657359027997265], [-1, -Infinity], [3, 1.3862943611198906], [1e30, 69.07755278982137], [1e300, 690.7755278982137], [Infinity, Infinity]] },
  // The runtime's float64 sine and cosine are exact to 4e-16 absolutely, not relative to their zeros; the tangent inherits that.
  sin: { rule: trigonometric.sin, mixed: true, points: [[0, 0], [0.5, 0.479425538604203], [-2, -0.9092974268256817], [3.140625, 0.0009676534387822795], [100, -0.5063656411097588]] },
  cos: { rule: trigonometric.cos, mixed: true, points: [[0, 1], [0.5, 0.8775825618903728], [-2, -0.4161468365471424], [1.5625, 0.008296231623858378], [100, 0.8623188722876839]] },
  tan: { rule: trigonometric.tan, tolerance: 1e-13, points: [[0, 0], [0.5, 0.5463024898437905], [-2, 2.185039863261519], [1.5625, 120.53250572254261], [100, -0.5872139151569291]] },
  asin: { rule: trigonometric.asin, points: [[0, 0], [0.0009765625, 0.0009765626552204957], [0.5, 0.5235987755982988], [-0.75, -0.848062078981481], [0.9990234375, 1.5265985556491812], [1, 1.5707963267948966], [-1, -1.5707963267948966]] },
  acos: { rule: trigonometric.acos, points: [[0, 1.5707963267948966], [0.0009765625, 1.569819764139676], [0.5, 1.0471975511965976], [-0.75, 2.4188584057763776], [0.9990234375, 0.04419777114571532], [1, 0], [-1, Math.PI]] },
  atan: { rule: trigonometric.atan, points: [[0, 0], [1e-10, 1e-10], [0.4375, 0.4124104415973873], [1, 0.7853981633974483], [-2.5, -1.1902899496825317], [1e10, 1.5707963266948965], [-1e30, -1.5707963267948966]] },
  sinh: { rule: trigonometric.sinh, points: [[0, 0], [1e-10, 1e-10], [0.5, 0.5210953054937474], [-3, -10.017874927409903], [20, 242582597.70489514], [-80, -2.770311192196755e+34], [709.5, 6.774931596573164e+307]] },
  cosh: { rule: trigonometric.cosh, points: [[0, 1], [1e-10, 1], [0.5, 1.1276259652063807], [-3, 10.067661995777765], [20, 242582597.70489514], [-80, 2.770311192196755e+34], [709.5, 6.774931596573164e+307]] },
  asinh: { rule: trigonometric.asinh, points: [[0, 0], [1e-10, 1e-10], [0.5, 0.48121182505960347], [-3, -1.8184464592320668], [1000, 7.600902709541988], [-1e9, -21.416413017506358], [1e30, 69.77069997038132]] },
  erf: { rule: special.erf, points: [[0, 0], [1e-10, 1.1283791670955126e-10], [0.5, 0.5204998778130465], [-0.96875, -0.8293191505933152], [1, 0.8427007929497149], [-1.5, -0.9661051464753108], [3, 0.9999779095030014], [6, 1], [-30, -1]] },
  erfc: { rule: special.erfc, points: [[0, 1], [1e-10, 0.999999999887162], [0.5, 0.4795001221869535], [-0.96875, 1.829319150593315], [1, 0.15729920705028513], [-1.5, 1.9661051464753108], [3, 2.209049699858544e-05], [9, 4.13703174651381e-37], [10, 2.088487583762545e-45], [8.7, 8.65632347541289e-35], [25.3, 2.293036860845902e-280], [26, 5.663192408856143e-296], [-30, 2]] },
  normalCdf: { rule: special.normalCdf, points: [[0, 0.5], [1e-10, 0.5000000000398942], [1, 0.8413447460685429], [-1, 0.15865525393145705], [-5, 2.866515718791939e-07], [8, 0.9999999999999993], [-12, 1.776482112077679e-33], [-11.3, 6.560899940904157e-30], [-36.7, 3.651529302803418e-295], [-37, 5.725571222524577e-300]] },
  logNormalCdf: { rule: special.logNormalCdf, points: [[0, -Math.LN2], [1e-10, -0.6931471804801569], [1, -0.17275377902344988], [-1, -1.8410216450092636], [5, -2.866516129637636e-07], [10, -7.619853024160525e-24], [-12, -75.4106730015688], [-40, -804.6084420137538], [-1000, -500007.82669481216], [-1e10, -5e+19]] },
  inverseMillsRatio: { rule: special.inverseMillsRatio, points: [[0, 0.7978845608028654], [1, 0.2875999709391784], [-1, 1.525135276160981], [5, 1.4867199409049056e-06], [-12, 12.082214175254284], [-40, 40.02496884720726], [-1000, 1000.000999998]] },
  inverseMillsExcess: { rule: special.inverseMillsExcess, points: [[0, 0.7978845608028654], [1, 1.2875999709391783], [-1, 0.5251352761609812], [5, 5.000001486719941], [-12, 0.08221417525428433], [-40, 0.024968847207263722], [-1000, 0.00099999800001]] },
  logGamma: { rule: (a) => special.logGamma(a), points: [[1e-10, 23.025850929882736], [0.25, 1.2880225246980774], [0.75, 0.20328095143129538], [1.0009765625, -0.0005629031799912047], [1.5, -0.12078223763524522], [1.9990234375, -0.0004125677359714894], [3.25, 0.9358019311087253], [5.96875, 4.734264269491823], [6, 4.787491742782046], [171.5, 709.1431630309282], [1e10, 220258509288.81058]] },
  // Its zero at 1.46 is a difference: exact absolutely there.
  digamma: { rule: special.digamma, mixed: true, points: [[1e-10, -10000000000.577215], [0.25, -4.2274535333762655], [1, -0.5772156649015329], [1.5, 0.03648997397857652], [3.25, 1.016990911068179], [8, 2.01564147795561], [171.5, 5.141664981433999], [1e10, 23.025850929890456]] },
  trigamma: { rule: (a) => special.logGamma(a, 2), points: [[1e-10, 1e+20], [0.25, 17.197329154507113], [1, 1.6449340668482264], [1.5, 0.9348022005446793], [3.25, 0.3597982903095799], [8, 0.13313701469403144], [171.5, 0.0058479365506103834], [1e10, 1.00000000005e-10]] },
  tetragamma: { rule: (a) => special.logGamma(a, 3), points: [[1e-5, -2000000000000002], [0.25, -129.32773993753693], [1, -2.4041138063191885], [1.5, -0.82879664423432], [3.25, -0.12815694713911513], [8, -0.017699569195767775], [171.5, -3.419826444141262e-05], [1e10, -1.0000000001e-20]] },
}

const onnx = onnxEngine(onnxruntime as unknown as OnnxRuntime, { threads: 1 })

function reference(rule: Rule, at: readonly number[]): number[] {
  const x = input(new Graph(), 'x', [at.length])
  return Array.from(evaluate([rule(x)], new Map([[x, tensor([at.length], at)]]))[0].data)
}

async function runOnnx(rule: Rule, at: readonly number[], type: ElementType): Promise<number[]> {
  const x = input(new Graph(), 'x', [ROWS])
  const executable = await onnx.prepare({ name: 'special', inputs: [x], outputs: { y: rule(x) }, type })
  const { y } = await executable.run({ x: { shape: [at.length], data: type === 'float64' ? Float64Array.from(at) : Float32Array.from(at) } })
  await executable.release()
  return Array.from(y.data)
}

function expectAccurate(actual: readonly number[], points: Points, tolerance: number, mixed = false): void {
  points.forEach(([at, value], k) => {
    const error = actual[k] === value ? 0 : Math.abs(actual[k] - value)
    const bound = tolerance * (mixed ? Math.max(1, Math.abs(value)) : Math.abs(value))
    expect(error <= bound, `at ${at}: ${actual[k]} instead of ${value}`).toBe(true)
  })
}

const largestFloat32 = (2 - 2 ** -23) * 2 ** 127
/** What float32 can hold: the runtime flushes denormal numbers to zero. */
const inFloat32 = (value: number): number => (Math.abs(value) < 2 ** -126 ? 0 : Math.abs(value) > largestFloat32 ? value * Infinity : value)

describe.each(Object.entries(known))('%s', (_, { rule, points, tolerance = 1e-15, mixed }) => {
  const at = points.map(([x]) => x)

  test('reference: the known digits', () => expectAccurate(reference(rule, at), points, 1e-15, mixed))

  test('ONNX float64: the known digits', async () => expectAccurate(await runOnnx(rule, at, 'float64'), points, tolerance, mixed))

  test('ONNX float32: a few units in the last place', async () => {
    // The value at the argument as float32 has it, from the reference that the first test has checked.
    const rounded = at.map(Math.fround)
    const expected = reference(rule, rounded).map((value, k): readonly [number, number] => [rounded[k], inFloat32(value)])
    expectAccurate(await runOnnx(rule, rounded, 'float32'), expected, 5e-7, mixed)
  })

  test('smooth for the check of kinks, and not a number stays so', async () => {
    expect(rule(input(new Graph(), 'x', [1])).op.smooth).toBe(true)
    expect(reference(rule, [Number.NaN])).toEqual([Number.NaN])
    expect(await runOnnx(rule, [Number.NaN], 'float64')).toEqual([Number.NaN])
    expect(await runOnnx(rule, [Number.NaN], 'float32')).toEqual([Number.NaN])
  })
})

describe('derivatives in the far tail', () => {
  // (log Φ)″ = −λ(a + λ) with λ = φ/Φ, which written so loses a² units in the last place.
  const second: Points = [[-12, -0.9933292736641541], [-40, -0.9993773316214086], [-1000, -0.999999000006]]
  const curvature = (x: Node): Node => gradient(sum(gradient(sum(special.logNormalCdf(x)), [x])[0]), [x])[0]

  test.each([['float64', 1e-15], ['float32', 5e-7]] as const)('second derivative of log Φ, %s', async (type, tolerance) => {
    expectAccurate(reference(curvature, second.map(([x]) => x)), second, 1e-15)
    expectAccurate(await runOnnx(curvature, second.map(([x]) => x), type), second, tolerance)
  })
})

describe('identities', () => {
  const at = (rule: Rule, x: number): number => reference(rule, [x])[0]
  const close = (a: number, b: number, tolerance = 1e-15): boolean => Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b))
  const real = fc.double({ min: -45, max: 45, noNaN: true })
  const positive = fc.double({ min: 1e-6, max: 300, noNaN: true })

  test('erf is odd, erf + erfc = 1, Φ(a) + Φ(−a) = 1, Φ(a) = erfc(−a/√2)/2', () => {
    fc.assert(fc.property(real, (x) => at(special.erf, -x) === -at(special.erf, x)
      && close(at(special.erf, x) + at(special.erfc, x), 1)
      && close(at(special.normalCdf, x) + at(special.normalCdf, -x), 1)
      && close(at(special.normalCdf, x), at(special.erfc, -x / Math.SQRT2) / 2)))
  })

  test('exp log Φ = Φ and λ·Φ = φ', () => {
    // Rounding log Φ, some −700, costs that many units in the last place of its exponential.
    fc.assert(fc.property(fc.double({ min: -37, max: 9, noNaN: true }), (x) => Math.abs(Math.exp(at(special.logNormalCdf, x)) / at(special.normalCdf, x) - 1) < 4e-13
      && Math.abs(at(special.inverseMillsRatio, x) * at(special.normalCdf, x) / (Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI)) - 1) < 4e-13))
  })

  test('log Γ(a + 1) = log Γ(a) + log a, and the same for its derivatives', () => {
    fc.assert(fc.property(positive, (x) => {
      const next = x + 1
      const rounding = next - 1 - x
      return [0, 1, 2, 3].every((order) => {
        const rule: Rule = (a) => special.logGamma(a, order)
        const step = order === 0 ? Math.log(x) : (-1) ** (order - 1) * [1, 1, 2][order - 1] / x ** order
        // x + 1 is rounded: its error times the derivative belongs to the left side.
        const left = at(rule, next) - rounding * at((a) => special.logGamma(a, order + 1), next)
        return Math.abs(left - at(rule, x) - step) <= 3e-15 * Math.max(1, Math.abs(step), Math.abs(at(rule, x)))
      })
    }))
  })

  test('Γ(a)Γ(1 − a) = π/sin πa', () => {
    fc.assert(fc.property(fc.double({ min: 0.01, max: 0.5, noNaN: true }), (x) =>
      close(at((a) => special.logGamma(a), x) + at((a) => special.logGamma(a), 1 - x), Math.log(Math.PI / Math.sin(Math.PI * x)))))
  })
})

describe('in a model', () => {
  const x = new expression.Expression(input(new Graph(), 'x', [2]))

  test('every function is there and keeps the shape', () => {
    const { sin, cos, tan, asin, acos, atan, sinh, cosh, asinh, erf, erfc, normalCdf, logNormalCdf, logGamma, digamma } = expression
    for (const [name, rule] of Object.entries({ sin, cos, tan, asin, acos, atan, sinh, cosh, asinh, erf, erfc, normalCdf, logNormalCdf, logGamma, digamma })) {
      const y = rule(x)
      expect(y.shape, name).toEqual([2])
      expect(y.node, name).toBe(known[name].rule(x.node))
    }
  })

  test.each([
    ['asin', expression.asin, 1.5, 'from −1 to 1'], ['acos', expression.acos, -2, 'from −1 to 1'],
    ['logGamma', expression.logGamma, 0, '> 0'], ['digamma', expression.digamma, -1, '> 0'],
  ] as const)('%s of a constant outside its domain is a mistake', (name, rule, value, demand) => {
    const constant = new expression.Expression(input(new Graph(), 'x', [])).mul(0).add(value)
    expect(() => rule(constant)).toThrow(`${name}: of the constant ${value} (must be ${demand})`)
  })
})
