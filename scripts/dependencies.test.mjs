import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './ensure-installed.mjs'

const manifests = globSync(['package.json', '{packages,apps}/*/package.json'], { cwd: root })
const direct = manifests.flatMap((path) => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, path), 'utf8'))
  return Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) => !name.startsWith('@freehold/'))
})
const listed = [...readFileSync(join(root, 'docs/dependencies.md'), 'utf8').matchAll(/^\| `([^`]+)` \|/gm)].map(
  ([, name]) => name,
)

describe('direct dependencies', () => {
  test('each has a line in docs/dependencies.md, and each line is one', () => {
    expect(listed.toSorted()).toEqual([...new Set(direct.map(([name]) => name))].sort())
  })

  test('each has an exact version', () => {
    expect(direct.filter(([, version]) => !/^(npm:.+@)?\d/.test(version))).toEqual([])
  })
})
