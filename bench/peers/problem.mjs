/** The shared inputs of every peer, as `problem.py` makes them: a hash of (stream, index), Box and Muller. */

/** Noise level of every denoising step, in the units of x. */
export const SIGMA = 0.1

const STREAM_POINTS = 1
const STREAM_NOISE = 2
const STREAM_LEVELS = 3
const STREAM_WEIGHTS = 10
const STREAM_PROBES = 100

/** Ends of the ladder of noise levels of every dual step, variances. */
export const LADDER = { least: 1e-4, most: 16 }

/** Mixes a 32-bit integer (the lowbias32 constants). */
function hash32(value) {
  value ^= value >>> 16
  value = Math.imul(value, 0x7feb352d)
  value ^= value >>> 15
  value = Math.imul(value, 0x846ca68b)
  value ^= value >>> 16
  return value >>> 0
}

/** `count` standard normal numbers of one stream, as a Float64Array. */
function normals(stream, count) {
  const offset = Math.imul(stream, 0x9e3779b9)
  return Float64Array.from({ length: count }, (_, index) => {
    const u = (hash32(2 * index + offset) + 0.5) / 2 ** 32
    const v = (hash32(2 * index + 1 + offset) + 0.5) / 2 ** 32
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v)
  })
}

/** `count` numbers in (0, 1) of one stream, as a Float64Array. */
function uniforms(stream, count) {
  const offset = Math.imul(stream, 0x9e3779b9)
  return Float64Array.from({ length: count }, (_, index) => (hash32(index + offset) + 0.5) / 2 ** 32)
}

/**
 * Inputs of one step in float32: points and noise [batch, d]; parameters weight [out, in], bias [out], …, last weight
 * [1, hidden], each as { shape, values }. The last layer has no bias. A dual step has three hidden layers, which also see the
 * noise level, two draws of noise a row [batch, 2d] and a place on the ladder [batch].
 */
export function makeProblem({ objective, d, hidden, batch }) {
  const isDual = objective === 'dual'
  const sizes = isDual ? [d + 1, hidden, hidden, hidden, 1] : [d, hidden, hidden, 1]
  const parameters = []
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const [fanIn, fanOut] = [sizes[layer], sizes[layer + 1]]
    const weights = normals(STREAM_WEIGHTS + 2 * layer, fanOut * fanIn)
    parameters.push({ shape: [fanOut, fanIn], values: Float32Array.from(weights, (w) => w / Math.sqrt(fanIn)) })
    if (layer + 2 === sizes.length) break
    const biases = normals(STREAM_WEIGHTS + 2 * layer + 1, fanOut)
    parameters.push({ shape: [fanOut], values: Float32Array.from(biases, (b) => 0.1 * b) })
  }
  return {
    sigma: SIGMA,
    points: Float32Array.from(normals(STREAM_POINTS, batch * d)),
    noise: Float32Array.from(normals(STREAM_NOISE, batch * (isDual ? 2 * d : d))),
    levels: Float32Array.from(uniforms(STREAM_LEVELS, batch)),
    parameters,
  }
}

/** A gradient in two numbers: its norm, and its product with a fixed random direction. */
export function fingerprint(gradients) {
  let norm = 0
  let probe = 0
  gradients.forEach((gradient, index) => {
    const direction = normals(STREAM_PROBES + index, gradient.length)
    gradient.forEach((value, entry) => {
      norm += value * value
      probe += value * direction[entry]
    })
  })
  return { gradientNorm: Math.sqrt(norm), gradientProbe: probe }
}
