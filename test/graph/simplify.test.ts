// Simplification keeps values: random expressions against plain arithmetic, and every rule once by name.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluate } from '../../src/engine/reference.ts'
import { topological } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import { beyondRounding, randomExpression } from './random-expressions.ts'

test('random expressions: the graph with its rules has the value that plain arithmetic gives', () => {
  const used = new Set<string>()
  fc.assert(fc.property(fc.gen(), (draw) => {
    const expression = randomExpression(draw, { smooth: false })
    for (const node of topological([expression.output])) used.add(node.op.name)
    const [value] = evaluate([expression.output], new Map(expression.inputs.map((node, k): [Node, typeof expression.values[number]] => [node, expression.values[k]])))
    const plain = expression.plain()
    expect(value.shape).toEqual(plain.shape)
    expect(beyondRounding(value.data, plain), expression.text).toBeLessThanOrEqual(1)
  }), { numRuns: 3000, seed: 1 })
  expect(used.size).toBeGreaterThan(30)
})
