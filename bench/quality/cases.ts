// What the bench of fit quality runs: densities with exact truth, estimators, and the numbers that are required of them.
import type { SyntheticDensity } from '../../src/data/synthetic/density.ts'
import { banana } from '../../src/data/synthetic/banana.ts'
import { correlatedGaussian } from '../../src/data/synthetic/correlated-gaussian.ts'
import { funnel } from '../../src/data/synthetic/funnel.ts'
import { gridGaussians } from '../../src/data/synthetic/grid-gaussians.ts'
import { parabola } from '../../src/data/synthetic/parabola.ts'
import { ring } from '../../src/data/synthetic/ring.ts'
import { threeGaussians } from '../../src/data/synthetic/three-gaussians.ts'
import { twoMoons } from '../../src/data/synthetic/two-moons.ts'
import { twoRings } from '../../src/data/synthetic/two-rings.ts'
import { unequalModes } from '../../src/data/synthetic/unequal-modes.ts'
import type { FitRequest } from '../../src/result/request.ts'
import type { MeasureName } from './measures.ts'

/** Bounds on a measure of one estimator, over all seeds; of a number that may be negative, on its size. */
export interface Requirement {
  readonly by: string
  readonly measure: MeasureName
  readonly most?: number
  readonly least?: number
}

export interface Case {
  readonly density: SyntheticDensity
  readonly rows: number
  /** What it is, in words for the page. */
  readonly sentence: string
  /** How many separated modes it has, where their weights are measured. */
  readonly modes?: number
  readonly required?: readonly Requirement[]
}

const bound = (by: string, measure: MeasureName, most: number): Requirement => ({ by, measure, most })
const warns = (by: string): Requirement => ({ by, measure: 'warned', least: 1 })
const isSilent = (by: string): Requirement => ({ by, measure: 'warned', most: 0 })
const narrow = 'denoising at 0.1'

/** By name, in the order of the page. */
export const cases: Readonly<Record<string, Case>> = {
  ring: {
    density: ring(), rows: 8100, sentence: 'radius N(5, 0.2²), angle uniform',
    required: [bound('dual', 'gap', 0.006), bound('dual', 'ownZ', 0.02), bound('dual', 'seconds', 100)],
  },
  'two rings': { density: twoRings(), rows: 8100, sentence: 'radii N(2, 0.2²) and N(5, 0.2²), equally likely' },
  'two moons': { density: twoMoons(), rows: 8100, sentence: 'half circles of radius 1 with noise of deviation 0.1, each an integral over its arc' },
  '25 Gaussians': {
    density: gridGaussians(), rows: 8100, modes: 25, sentence: 'centers {−4, −2, 0, 2, 4}², deviation 0.2, all divided by 1.414',
    required: [bound('dual', 'gap', 0.02), { by: 'dual', measure: 'modes', least: 25, most: 25 }, bound('dual', 'relativeModeError', 0.2), bound('dual', 'seconds', 100)],
  },
  'three Gaussians': {
    density: threeGaussians(), rows: 2000, modes: 3, sentence: 'deviation 0.5 around (−2.5, −1.5), (2.5, −1.5), (0, 2.5), weights 0.5, 0.3, 0.2 (Dive into Deep Learning, draft §17.3)',
    required: [bound('dual', 'gap', 0.015), bound('dual', 'seconds', 60), bound('score-matching', 'fisher', 0.15), bound(narrow, 'fisher', 0.15), warns('score-matching'), warns(narrow)],
  },
  'three Gaussians from many rows': {
    density: threeGaussians(), rows: 100_000, modes: 3, sentence: 'the same, 100 000 rows',
    required: [bound('score-matching', 'fisher', 0.05), bound(narrow, 'fisher', 0.05), warns('score-matching'), warns(narrow)],
  },
  'three wide Gaussians': {
    density: threeGaussians({ deviation: 1 }), rows: 2000, modes: 3, sentence: 'the same with deviation 1: no gap between them, and no warning',
    required: ['score-matching', narrow].flatMap((by) => [bound(by, 'fisher', 0.1), bound(by, 'gap', 0.02), isSilent(by)]),
  },
  parabola: {
    density: parabola(), rows: 4000, sentence: 'x₁ ~ N(0, 1), x₂ = ½(x₁² − 1) + 0.35 n',
    required: ['score-matching', 'denoising'].flatMap((by) => [bound(by, 'relativeFisher', 0.05), bound(by, 'gap', 0.03), isSilent(by)]),
  },
  'two modes': {
    density: unequalModes(), rows: 8100, modes: 2, sentence: '0.2 N(−5, 1) + 0.8 N(5, 1)',
    required: [{ by: 'dual', measure: 'modes', least: 2, most: 2 }, bound('dual', 'modeError', 0.005)],
  },
  'two modes in 10 dimensions': {
    density: unequalModes({ dimension: 10 }), rows: 8100, modes: 2, sentence: 'the same, ten deviations apart along the diagonal',
    required: [{ by: 'dual', measure: 'modes', least: 2, most: 2 }, bound('dual', 'modeError', 0.02)],
  },
  funnel: { density: funnel({ dimension: 2, deviation: 1 }), rows: 8100, sentence: 'x₁ ~ N(0, 1), x₂ ~ N(0, exp x₁) (Neal 2003, milder)' },
  banana: { density: banana(), rows: 8100, sentence: 'x₁ ~ N(0, 100), x₂ = n − 0.03(x₁² − 100) (Haario, Saksman & Tamminen 1999)' },
  'correlated Gaussian': { density: correlatedGaussian(), rows: 8100, sentence: '50 dimensions, correlation 0.9 of neighbouring columns' },
}

/** What `unnorm fit` is asked for, nothing but the defaults where nothing is said. */
export const estimators: Readonly<Record<string, (dimension: number) => Pick<FitRequest, 'by' | 'noise' | 'correctNoise'>>> = {
  dual: () => ({ by: 'dual' }),
  ladder: () => ({ by: 'ladder' }),
  denoising: () => ({ by: 'denoising' }),
  'denoising corrected': () => ({ by: 'denoising', correctNoise: 'derivatives' }),
  'denoising at 0.1': (dimension) => ({ by: 'denoising', noise: { kind: 'columns', deviations: new Array<number>(dimension).fill(0.1) } }),
  'score-matching': () => ({ by: 'score-matching' }),
}
