import { expect, it } from 'vitest'
import { candidatePaths, chooseTenant, parseCredentials } from './credentials.ts'

const access = (id: string) => ({ id, apiKey: `fht_${id}` })
const file = (tenants: Record<string, unknown>) =>
  parseCredentials(JSON.stringify({ url: 'http://x', operatorKey: 'fho_1', tenants }), '/d/credentials.json')

it('looks into the data directory only, when there is one', () => {
  expect(candidatePaths({ dataDir: 'data', workingDir: '/a/b' })).toEqual(['/a/b/data/credentials.json'])
})

it('looks into .freehold here and in the folders above otherwise', () => {
  expect(candidatePaths({ dataDir: undefined, workingDir: '/a/b' })).toEqual([
    '/a/b/.freehold/credentials.json',
    '/a/.freehold/credentials.json',
    '/.freehold/credentials.json',
  ])
})

it.each([
  ['the wanted tenant', { acme: access('1'), globex: access('2') }, 'globex', '2'],
  ['the only tenant', { globex: access('2') }, undefined, '2'],
  ['acme by default', { globex: access('2'), acme: access('1') }, undefined, '1'],
  ['the first without acme', { globex: access('2'), initech: access('3') }, undefined, '2'],
])('chooses %s', (_, tenants, wanted, id) => {
  expect(chooseTenant(file(tenants), wanted).id).toBe(id)
})

it.each(['initech', 'constructor', '__proto__'])('names the known tenants when there is no %s', (wanted) => {
  expect(() => chooseTenant(file({ acme: access('1'), globex: access('2') }), wanted)).toThrow(
    `There is no tenant "${wanted}" in /d/credentials.json. It has: acme, globex.`,
  )
})

it('says how to make the first tenant', () => {
  expect(() => chooseTenant(file({}), undefined)).toThrow('freehold tenants create <name>')
})

it.each(['', '[]', '{}', 'null', '{"url":"http://x","tenants":{"acme":{"id":1}}}'])('refuses %j', (text) => {
  expect(() => parseCredentials(text, '/d/credentials.json')).toThrow('/d/credentials.json is not a credentials file')
})
