import { defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/longest-first.ts'

export default defineConfig({
  test: {
    environment: 'node',
    include: ['{packages,apps,bench,chaos,scripts}/**/*.test.{ts,mjs}'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    maxWorkers: 3, // each may hold its own database; more than CI has cores, as tests wait a fifth of their time
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    setupFiles: ['scripts/fail-on-leaks.mjs'],
    reporters: ['default'],
    unstubEnvs: true,
    unstubGlobals: true,
  },
})
