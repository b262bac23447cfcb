import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { missingPlatforms, platformOf } from './complete-lockfile.mjs'
import { root } from './ensure-installed.mjs'

test('package-lock.json carries every platform, or npm ci refuses it (fix: node scripts/complete-lockfile.mjs)', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  expect(Object.keys(missingPlatforms(packages))).toEqual([])
})

test.each([
  ['@biomejs/cli-darwin-arm64', { cpu: ['arm64'], os: ['darwin'] }],
  ['@swc/core-linux-arm-gnueabihf', { cpu: ['arm'], libc: ['glibc'], os: ['linux'] }],
  ['@oxc-parser/binding-linux-x64-musl', { cpu: ['x64'], libc: ['musl'], os: ['linux'] }],
  ['@oxc-parser/binding-android-arm-eabi', { cpu: ['arm'], os: ['android'] }],
  ['@swc/core-win32-ia32-msvc', { cpu: ['ia32'], os: ['win32'] }],
  ['@turbo/windows-64', { cpu: ['x64'], os: ['win32'] }],
  ['fsevents', undefined],
])('%s is for %o', (name, platform) => {
  expect(platformOf(name)).toEqual(platform)
})

test('a missing platform gets the exact version its parent asks for', () => {
  const packages = {
    'node_modules/tool': {
      version: '1.0.0',
      dev: true,
      optionalDependencies: { 'tool-darwin-arm64': '1.2.3', 'tool-linux-x64': '1.2.3' },
    },
    'node_modules/tool-linux-x64': { version: '1.2.3' },
  }
  expect(missingPlatforms(packages)).toEqual({
    'node_modules/tool-darwin-arm64': { version: '1.2.3', cpu: ['arm64'], dev: true, optional: true, os: ['darwin'] },
  })
})

test('a version that is not exact is refused', () => {
  const packages = {
    'node_modules/tool': { version: '1.0.0', optionalDependencies: { 'tool-darwin-arm64': '^1.2.3' } },
  }
  expect(() => missingPlatforms(packages)).toThrow('tool-darwin-arm64@^1.2.3')
})
