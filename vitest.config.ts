// Tests: one project for everything that runs from the sources, one for what runs the built command line.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Tests that load ONNX Runtime by themselves do not go through `src/node/require.ts`.
process.env.ORT_DISABLE_TELEMETRY = '1'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))
// The exact names only: a plain string would also rewrite `unnorm/node` into a path below index.ts.
const alias = [
  { find: /^unnorm$/, replacement: source('src/node/main.ts') },
  { find: /^unnorm\/node$/, replacement: source('src/node/index.ts') },
]
const shared = { environment: 'node', pool: 'forks', testTimeout: 30_000, hookTimeout: 120_000 } as const

export default defineConfig({
  resolve: { alias },
  test: {
    maxWorkers: 2,
    projects: [
      { resolve: { alias }, test: { ...shared, name: 'library', include: ['test/**/*.test.ts'], exclude: ['test/cli/**'] } },
      {
        resolve: { alias },
        test: { ...shared, name: 'cli', include: ['test/cli/**/*.test.ts'], testTimeout: 120_000, globalSetup: 'test/cli/build-first.ts' },
      },
    ],
  },
})
