import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from './ensure-installed.mjs'

const packages = [
  'packages/contracts',
  'packages/core',
  'packages/runtime',
  'packages/testkit',
  'apps/server',
  'apps/cli',
]
const libraries = ['pg', 'kysely', 'ai', '@ai-sdk/openai', '@langchain/core', 'fast-check', 'undeclared']

/** [file, what it imports, the rules that must fire on it] */
const cases = [
  ['packages/contracts/src/uses-core.ts', '@freehold/core', ['contracts-imports-nothing-of-ours']],
  ['packages/core/src/uses-contracts.ts', '@freehold/contracts', []],
  ['packages/core/src/uses-runtime.ts', '@freehold/runtime', ['core-imports-only-contracts']],
  ['packages/runtime/src/uses-core.ts', '@freehold/core', []],
  ['packages/runtime/src/uses-server.ts', '@freehold/server', ['runtime-imports-only-contracts-and-core']],
  ['apps/server/src/uses-runtime.ts', '@freehold/runtime', []],
  ['apps/server/src/uses-cli.ts', '@freehold/cli', ['server-imports-only-contracts-and-core-and-runtime']],
  ['apps/cli/src/uses-contracts.ts', '@freehold/contracts', []],
  ['apps/cli/src/uses-core.ts', '@freehold/core', ['cli-imports-only-contracts']],
  ['apps/web/features/uses-core.tsx', '@freehold/core', ['web-imports-only-contracts']],
  ['apps/server/src/uses-testkit.ts', '@freehold/testkit', ['testkit-only-in-tests']],
  ['apps/server/src/uses-testkit.test.ts', '@freehold/testkit', []],
  ['packages/core/src/some.fixture.ts', '@freehold/testkit', []],
  ['packages/core/src/uses-fixture.ts', './some.fixture.ts', ['fixtures-only-in-tests']],
  ['packages/core/src/uses-fixture.test.ts', './some.fixture.ts', []],
  ['bench/uses-testkit.ts', '@freehold/testkit', []],
  ['apps/server/src/uses-pg.ts', 'pg', ['http-without-database']],
  ['apps/server/src/uses-kysely.ts', 'kysely', ['http-without-database']],
  ['apps/server/src/uses-db.ts', '../../../packages/core/src/db/pool.ts', ['http-without-database', 'no-deep-import']],
  ['packages/runtime/src/goes-deep.ts', '../../core/src/db/pool.ts', ['no-deep-import']],
  ['bench/goes-deep.ts', '../packages/core/src/db/pool.ts', ['no-deep-import-from-outside']],
  ['packages/runtime/src/uses-ai.ts', 'ai', []],
  ['packages/core/src/uses-ai.ts', 'ai', ['model-libraries-only-in-runtime']],
  ['apps/server/src/uses-ai-sdk.ts', '@ai-sdk/openai', ['model-libraries-only-in-runtime']],
  ['packages/core/src/uses-langchain.ts', '@langchain/core', ['model-libraries-only-in-runtime']],
  ['packages/core/src/circle.ts', './circle.ts', ['no-circular']],
  ['packages/core/src/uses-dev-dependency.ts', 'fast-check', ['not-to-dev-dep']],
  ['packages/core/src/uses-dev-dependency.test.ts', 'fast-check', []],
  ['packages/core/src/uses-undeclared.ts', 'undeclared', ['not-to-undeclared']],
  ['packages/core/src/uses-undeclared.test.ts', 'undeclared', []],
]

const declared = Object.fromEntries(
  libraries.filter((name) => !['fast-check', 'undeclared'].includes(name)).map((name) => [name, '1.0.0']),
)
const usingFile = 'apps/server/src/uses-using.ts'
let repository
let violations

function write(path, text) {
  mkdirSync(dirname(join(repository, path)), { recursive: true })
  writeFileSync(join(repository, path), text)
}

function writeManifest(folder, manifest) {
  write(`${folder}/package.json`, JSON.stringify({ version: '1.0.0', type: 'module', ...manifest }))
}

function writeRepository() {
  writeManifest('.', { name: 'fixture', workspaces: ['packages/*', 'apps/*'] })
  for (const folder of packages) {
    const name = `@freehold/${folder.split('/')[1]}`
    writeManifest(folder, {
      name,
      exports: { '.': './src/index.ts' },
      dependencies: declared,
      devDependencies: { 'fast-check': '1.0.0' },
    })
    write(`${folder}/src/index.ts`, 'export const here = 1\n')
    mkdirSync(join(repository, 'node_modules/@freehold'), { recursive: true })
    symlinkSync(join(repository, folder), join(repository, 'node_modules', name), 'junction')
  }
  for (const name of libraries) {
    writeManifest(`node_modules/${name}`, { name, main: 'index.js' })
    write(`node_modules/${name}/index.js`, 'export const here = 1\n')
  }
  write('packages/core/src/db/pool.ts', 'export const pool = 1\n')
  write(usingFile, "export async function run() {\n  await using database = await import('pg')\n  return database\n}\n")
  for (const [file, imported] of cases) write(file, `import * as it from '${imported}'\nexport const used = it\n`)
}

/** depcruise exits with the number of violations and still prints its report. */
async function cruise() {
  const depcruise = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const config = join(root, '.dependency-cruiser.cjs')
  const args = [depcruise, '--config', config, '--output-type', 'json', 'packages', 'apps', 'bench']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: repository, maxBuffer: 1e8 }).catch(
    (error) => error,
  )
  return JSON.parse(stdout).summary.violations
}

beforeAll(async () => {
  repository = mkdtempSync(join(tmpdir(), 'freehold-boundaries-'))
  writeRepository()
  violations = await cruise()
})

afterAll(() => rmSync(repository, { recursive: true, force: true }))

describe('package boundaries', () => {
  test.each(cases)('%s importing %s', (file, _imported, rules) => {
    const fired = violations.filter(({ from }) => from === file).map(({ rule }) => rule.name)
    expect(fired.sort()).toEqual(rules.toSorted())
  })

  test('an import inside a `using` declaration is seen', () => {
    expect(violations.filter(({ from }) => from === usingFile).map(({ rule }) => rule.name)).toEqual([
      'http-without-database',
    ])
  })

  test('every rule of the configuration is exercised', async () => {
    const { default: config } = await import('../.dependency-cruiser.cjs')
    const exercised = new Set(cases.flatMap(([, , rules]) => rules))
    expect(config.forbidden.map(({ name }) => name).filter((name) => !exercised.has(name))).toEqual([])
  })
})
