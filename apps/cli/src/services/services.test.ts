import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

const shared = sharePlatform()

const freehold = (...args: string[]) => shared.run(['services', ...args])

/** A contract in a file, whose orders have these fields. */
async function contract(...fields: string[]): Promise<string> {
  const path = join(shared.dataDir, `orders-${fields.length}.json`)
  const properties = Object.fromEntries(fields.map((field) => [field, { type: 'string' }]))
  const responses = { 200: { content: { 'application/json': { schema: { type: 'object', properties } } } } }
  await writeFile(path, JSON.stringify({ openapi: '3.1.0', paths: { '/orders/{id}': { get: { responses } } } }))
  return path
}

describe('services', () => {
  it('are registered for each environment, listed, shown and deleted', async () => {
    expect((await freehold('list')).out).toContain('No services. Register one:')
    expect(await freehold('put', 'shop', '--url', 'https://shop.example.com', '--timeout-ms', '5000')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/production +https:\/\/shop.example.com\ntime limit +5000 ms\n/),
    })
    await freehold('put', 'shop', '--env', 'staging', '--agent', 'assistant')
    const { out } = await freehold('show', 'shop')
    expect(out).toMatch(/production +https:\/\/shop.example.com\n/)
    expect(out).toMatch(/staging +agent assistant\n/)
    expect(out).toMatch(/time limit +5000 ms\n/)
    expect((await freehold('list')).out).toMatch(/shop +- +staging: agent assistant, production: https:/)
    expect((await freehold('delete', 'shop')).code).toBe(0)
    expect(await freehold('show', 'shop')).toMatchObject({ code: 1, err: expect.stringContaining('no service "shop"') })
  })

  it('tell what a contract would break before it does', async () => {
    await freehold('put', 'orders', '--contract', await contract('id', 'total'))
    await freehold('consume', 'orders', 'billing', '--uses', 'GET /orders/{id} total')
    const broken = await contract('id')
    const said = 'billing: GET /orders/{id}: answer field "total" is gone'
    expect(await freehold('check', 'orders', '--contract', broken)).toMatchObject({ code: 1, out: `✗ ${said}\n` })
    expect(await freehold('put', 'orders', '--contract', broken)).toMatchObject({
      code: 1,
      err: expect.stringContaining('The contract breaks "billing"'),
    })
    expect((await freehold('show', 'orders')).out).toMatch(/consumer +billing: GET \/orders\/\{id\} \(total\)\n/)
    expect((await freehold('forget', 'orders', 'billing')).code).toBe(0)
    expect(await freehold('check', 'orders', '--contract', broken)).toMatchObject({ code: 0 })
    expect((await freehold('put', 'orders', '--contract', broken)).code).toBe(0)
  })

  it.each([
    ['two upstreams', ['--url', 'https://a.example.com', '--agent', 'x'], 2, 'Give one of --url, --mcp and --agent.'],
    ['a file that is not there', ['--contract', 'none.json'], 2, "can't be read as JSON"],
    ['a time that is none', ['--timeout-ms', '5s'], 2, '--timeout-ms: "5s" is no number.'],
    ['an environment that is none', ['--env', 'prod', '--url', 'https://a.example.com'], 2, '--env: "prod" is none.'],
    ['a query in the URL', ['--url', 'https://a.example.com/?x=1'], 2, 'leave query and fragment out'],
  ])('are refused with %s', async (_, options, code, words) => {
    expect(await freehold('put', 'other', ...options)).toMatchObject({ code, err: expect.stringContaining(words) })
  })
})
