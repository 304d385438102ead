// Just enough of the protocol buffers wire format to write an ONNX model and to read its metadata.

/** Appends fields to a growing message. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = []
  #size = 0

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.#size += bytes.length
  }

  #varint(value: number): void {
    // Negative int64 values are written as their 64-bit two's complement.
    let rest = BigInt.asUintN(64, BigInt(value))
    const bytes: number[] = []
    while (rest >= 128n) {
      bytes.push(Number(rest & 127n) | 128)
      rest >>= 7n
    }
    bytes.push(Number(rest))
    this.#push(Uint8Array.from(bytes))
  }

  integer(field: number, value: number): this {
    this.#varint(field * 8)
    this.#varint(value)
    return this
  }

  float(field: number, value: number): this {
    this.#varint(field * 8 + 5)
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    this.#push(bytes)
    return this
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2)
    this.#varint(value.length)
    this.#push(value)
    return this
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  message(field: number, value: MessageWriter): this {
    return this.bytes(field, value.finish())
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.#size)
    let offset = 0
    for (const part of this.#parts) {
      whole.set(part, offset)
      offset += part.length
    }
    return whole
  }
}

export interface Field {
  readonly field: number
  readonly value: number
  readonly bytes: Uint8Array
}

/** The fields of one message; throws if the bytes are no message. */
export function* readFields(message: Uint8Array): Generator<Field> {
  let position = 0
  const varint = (): number => {
    let value = 0
    let shift = 1
    for (;;) {
      if (position >= message.length) throw new Error('the message ends in the middle of a number')
      const byte = message[position++]
      value += (byte & 127) * shift
      if (byte < 128) return value
      shift *= 128
      if (shift > 2 ** 70) throw new Error('a number in the message is too long')
    }
  }
  while (position < message.length) {
    const key = varint()
    const field = Math.floor(key / 8)
    const kind = key % 8
    if (kind === 0) {
      yield { field, value: varint(), bytes: new Uint8Array(0) }
      continue
    }
    const length = kind === 1 ? 8 : kind === 5 ? 4 : kind === 2 ? varint() : -1
    if (length < 0 || position + length > message.length) throw new Error('the message is cut off or is none')
    yield { field, value: length, bytes: message.subarray(position, position + length) }
    position += length
  }
}
