// Seeded random streams that split by label: keys are derived by hashing (HalfSipHash rounds, Aumasson & Bernstein 2012),
// numbers come from sfc32 (Doty-Humphrey's PractRand), normals from a ziggurat (Marsaglia & Tsang 2000) of 256 layers.
//
// Step k of a run draws from random.split('noise').split(k): nothing but the seed is needed to resume a run.
import { UnnormError } from './errors.ts'

/** A stream of random numbers. Drawing advances it; splitting neither advances it nor depends on what was drawn. */
export interface Random {
  /**
   * The independent stream that belongs to `label` below this one. The same label always gives the same fresh stream;
   * the labels `1` and `'1'` differ.
   * @param label a text, or a whole number within ±2⁵³
   */
  split(label: string | number): Random
  /** A number strictly between 0 and 1, on a grid of 2⁻⁵². */
  uniform(): number
  /**
   * A whole number from 0 to n − 1, all equally likely.
   * @param n a whole number from 1 to 2⁵³ − 1
   */
  integer(n: number): number
  /** A standard normal number. */
  normal(): number
  /** Fills target[start … end − 1] with standard normal numbers, the same ones as calls of `normal` would give. */
  fillNormal(target: Float32Array | Float64Array, start?: number, end?: number): void
  /** Fills target[start … end − 1] with numbers strictly between 0 and 1 (2⁻²³ apart in a Float32Array, else 2⁻⁵²). */
  fillUniform(target: Float32Array | Float64Array, start?: number, end?: number): void
}

/**
 * The stream of a seed.
 * @param seed a whole number within ±2⁵³, or a text
 * @throws UnnormError `invalid-seed`
 */
export function createRandom(seed: number | string): Random {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new UnnormError('invalid-seed', `invalid seed: ${seed} (must be a whole number)`, 'usage')
  }
  return new Stream(deriveKey(ROOT_KEY, seed))
}

// A key: 128 bits as four 32-bit words.
type Key = Int32Array

// The words of √2, √3, √5, √7 after the binary point: any fixed root would do.
const ROOT_KEY: Key = Int32Array.of(0x6a09e667, 0xbb67ae85 | 0, 0x3c6ef372, 0xa54ff53a | 0)

// The words that stand for a label: a tag that tells texts from numbers (and holds the text's length), then the content.
function deriveKey(parent: Key, label: string | number): Key {
  const key = parent.slice()
  if (typeof label === 'number') {
    if (!Number.isSafeInteger(label)) {
      throw new RangeError(`invalid label of a random stream: ${label} (must be a text or a whole number)`)
    }
    absorb(key, -1)
    absorb(key, label | 0)
    absorb(key, Math.floor(label / 0x1_0000_0000))
  } else {
    absorb(key, label.length)
    for (let i = 0; i < label.length; i += 2) {
      absorb(key, label.charCodeAt(i) | (i + 1 < label.length ? label.charCodeAt(i + 1) << 16 : 0))
    }
  }
  finish(key)
  return key
}

// Absorbing a word permutes the 128 bits, so two parents never get the same child by the same label.
function absorb(key: Key, word: number): void {
  key[3] ^= word
  rounds(key, 2)
  key[0] ^= word
}

function finish(key: Key): void {
  key[2] ^= 0xff
  rounds(key, 4)
}

function rounds(key: Key, count: number): void {
  let a = key[0]
  let b = key[1]
  let c = key[2]
  let d = key[3]
  for (let i = 0; i < count; i++) {
    a = (a + b) | 0
    b = ((b << 5) | (b >>> 27)) ^ a
    a = (a << 16) | (a >>> 16)
    c = (c + d) | 0
    d = ((d << 8) | (d >>> 24)) ^ c
    a = (a + d) | 0
    d = ((d << 7) | (d >>> 25)) ^ a
    c = (c + b) | 0
    b = ((b << 13) | (b >>> 19)) ^ c
    c = (c << 16) | (c >>> 16)
  }
  key[0] = a
  key[1] = b
  key[2] = c
  key[3] = d
}

// One step of sfc32 on (a, b, c, counter); returns 32 random bits as an int32.
function next(state: Int32Array): number {
  const b = state[1]
  const c = state[2]
  const output = (state[0] + b + state[3]) | 0
  state[3] = state[3] + 1
  state[0] = b ^ (b >>> 9)
  state[1] = (c + (c << 3)) | 0
  state[2] = (((c << 21) | (c >>> 11)) + output) | 0
  return output
}

// 52 bits and a half: strictly between 0 and 1 without rounding.
function nextUniform(state: Int32Array): number {
  const high = next(state) >>> 0
  const low = next(state) >>> 12
  return (high * 0x10_0000 + low + 0.5) * 2 ** -52
}

const LAYERS = 256
// Where the base layer's tail begins and the area of every layer, for 256 layers (Marsaglia & Tsang 2000, §3).
const TAIL = 3.6541528853610088
const AREA = 0.004_928_673_233_974_655

interface Ziggurat {
  // width[i] scales a draw of ±2⁵² to a point of layer i; one that is less than inside[i] surely lies below the curve.
  readonly width: Float64Array
  readonly inside: Float64Array
  // height[i] = exp(−½ x²) at the right edge of layer i.
  readonly height: Float64Array
}

const ZIGGURAT: Ziggurat = /* @__PURE__ */ buildZiggurat()

function buildZiggurat(): Ziggurat {
  const edge = new Float64Array(LAYERS + 1)
  edge[0] = AREA / Math.exp(-0.5 * TAIL * TAIL)
  edge[1] = TAIL
  for (let i = 1; i < LAYERS - 1; i++) {
    edge[i + 1] = Math.sqrt(-2 * Math.log(AREA / edge[i] + Math.exp(-0.5 * edge[i] * edge[i])))
  }
  edge[LAYERS] = 0
  const width = new Float64Array(LAYERS)
  const inside = new Float64Array(LAYERS)
  const height = new Float64Array(LAYERS + 1)
  for (let i = 0; i < LAYERS; i++) {
    width[i] = edge[i] * 2 ** -52
    inside[i] = Math.floor((edge[i + 1] / edge[i]) * 2 ** 52)
    height[i] = Math.exp(-0.5 * edge[i] * edge[i])
  }
  height[LAYERS] = 1
  return { width, inside, height }
}

// The rare draws that fall outside the inner rectangle of their layer; `bits` and `layer` are those of the refused draw.
function finishNormal(state: Int32Array, layer: number, bits: number): number {
  const { width, inside, height } = ZIGGURAT
  for (;;) {
    if (layer === 0) {
      for (;;) {
        const x = -Math.log(nextUniform(state)) / TAIL
        if (-2 * Math.log(nextUniform(state)) > x * x) return bits < 0 ? -TAIL - x : TAIL + x
      }
    }
    const x = bits * width[layer]
    const y = height[layer] + nextUniform(state) * (height[layer + 1] - height[layer])
    if (y < Math.exp(-0.5 * x * x)) return x
    const high = next(state)
    const low = next(state)
    layer = high & 255
    bits = (high >> 11) * 0x1_0000_0000 + (low >>> 0) + 0.5
    if (Math.abs(bits) < inside[layer]) return bits * width[layer]
  }
}

class Stream implements Random {
  readonly #key: Key
  readonly #state: Int32Array

  constructor(key: Key) {
    this.#key = key
    this.#state = key.slice()
  }

  split(label: string | number): Random {
    return new Stream(deriveKey(this.#key, label))
  }

  uniform(): number {
    return nextUniform(this.#state)
  }

  integer(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1) throw new RangeError(`invalid n: ${n} (must be a whole number from 1 to 2^53 - 1)`)
    // Draws beyond the last whole multiple of n are refused: the remainder is then free of bias.
    const wide = n > 0x1_0000_0000
    const range = wide ? 2 ** 53 : 2 ** 32
    const limit = range - (range % n)
    for (;;) {
      let draw = next(this.#state) >>> 0
      if (wide) draw = (draw >>> 11) * 0x1_0000_0000 + (next(this.#state) >>> 0)
      if (draw < limit) return draw % n
    }
  }

  normal(): number {
    const state = this.#state
    const high = next(state)
    const low = next(state)
    const layer = high & 255
    const bits = (high >> 11) * 0x1_0000_0000 + (low >>> 0) + 0.5
    return Math.abs(bits) < ZIGGURAT.inside[layer] ? bits * ZIGGURAT.width[layer] : finishNormal(state, layer, bits)
  }

  fillNormal(target: Float32Array | Float64Array, start = 0, end = target.length): void {
    const { width, inside } = ZIGGURAT
    const state = this.#state
    // The body of normal() by hand, so that the state of sfc32 stays in registers.
    let a = state[0]
    let b = state[1]
    let c = state[2]
    let counter = state[3]
    for (let i = start; i < end; i++) {
      const high = (a + b + counter) | 0
      a = b ^ (b >>> 9)
      b = (c + (c << 3)) | 0
      c = (((c << 21) | (c >>> 11)) + high) | 0
      const low = (a + b + counter + 1) | 0
      a = b ^ (b >>> 9)
      b = (c + (c << 3)) | 0
      c = (((c << 21) | (c >>> 11)) + low) | 0
      counter = (counter + 2) | 0
      const layer = high & 255
      const bits = (high >> 11) * 0x1_0000_0000 + (low >>> 0) + 0.5
      if (Math.abs(bits) < inside[layer]) {
        target[i] = bits * width[layer]
      } else {
        state[0] = a
        state[1] = b
        state[2] = c
        state[3] = counter
        target[i] = finishNormal(state, layer, bits)
        a = state[0]
        b = state[1]
        c = state[2]
        counter = state[3]
      }
    }
    state[0] = a
    state[1] = b
    state[2] = c
    state[3] = counter
  }

  fillUniform(target: Float32Array | Float64Array, start = 0, end = target.length): void {
    const state = this.#state
    if (target instanceof Float32Array) {
      for (let i = start; i < end; i++) target[i] = ((next(state) >>> 9) + 0.5) * 2 ** -23
    } else {
      for (let i = start; i < end; i++) target[i] = nextUniform(state)
    }
  }
}

// Up to here a permutation is a table, drawn exactly uniformly: the Feistel network below needs room to mix.
const TABLE_LIMIT = 1024
const HALF_ROUNDS = 8

/**
 * A random permutation of 0 … n − 1, computed index by index: no memory that grows with n.
 * A Feistel network over ⌈√n⌉ × ⌈n/⌈√n⌉⌉ with cycle walking (Black & Rogaway 2002, "Ciphers with arbitrary finite
 * domains"): the domain exceeds n by less than √n, so that walking is rare. Exactly uniform for n ≤ 1024.
 * @param random names the permutation; it is split, not advanced
 * @param n a whole number from 0 to 2³²
 * @returns a function that takes a whole number i from 0 to n − 1 (unchecked) to its place
 */
export function shuffledIndex(random: Random, n: number): (index: number) => number {
  if (!Number.isSafeInteger(n) || n < 0 || n > 2 ** 32) throw new RangeError(`invalid n: ${n} (must be a whole number from 0 to 2^32)`)
  const stream = random.split('permutation')
  if (n <= TABLE_LIMIT) {
    const table = shuffledTable(stream, n)
    return (index) => table[index]
  }
  const keys = new Int32Array(HALF_ROUNDS)
  for (let i = 0; i < keys.length; i++) keys[i] = stream.integer(2 ** 32) | 0
  const columns = Math.ceil(Math.sqrt(n))
  const rows = Math.ceil(n / columns)
  return (index) => {
    let place = index
    do {
      let left = Math.floor(place / columns)
      let right = place - left * columns
      for (let round = 0; round < HALF_ROUNDS; round += 2) {
        left = (left + scatter(right ^ keys[round], rows)) | 0
        if (left >= rows) left -= rows
        right = (right + scatter(left ^ keys[round + 1], columns)) | 0
        if (right >= columns) right -= columns
      }
      place = left * columns + right
    } while (place >= n)
    return place
  }
}

function shuffledTable(random: Random, n: number): Uint16Array {
  const table = Uint16Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const moved = table[i]
    table[i] = table[j]
    table[j] = moved
  }
  return table
}

// A hash of a word from 0 to size − 1, size ≤ 2¹⁶: 16 of the well mixed bits of MurmurHash3's finalizer (Appleby), scaled.
function scatter(word: number, size: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return Math.imul(word >>> 16, size) >>> 16
}
