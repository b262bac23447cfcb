import { beforeAll, expect, it } from 'vitest'
import { sharePlatform, startCommand } from '../command.fixture.ts'

const shared = sharePlatform()

beforeAll(async () => {
  await freehold('agents', 'create', 'helper', '--system', 'Answer briefly.', '--model', 'demo')
  await freehold('agents', 'version', 'helper', '--system', 'Answer briefly, and say why.')
})

const freehold = (...args: string[]) => shared.run(args)

it('shows what a version changes', async () => {
  expect(await freehold('releases', 'diff', 'helper')).toEqual({
    code: 0,
    err: '',
    out: 'helper v1 → v2\n\nprompts.system\n- Answer briefly.\n+ Answer briefly, and say why.\n',
  })
  expect((await freehold('releases', 'diff', 'helper', '2', '2')).out).toBe('helper v2 and v2 are the same.\n')
})

it('takes a version through the environments and back, and lists that', async () => {
  const early = await freehold('releases', 'promote', 'helper', 'production', '2')
  expect(early).toMatchObject({ code: 1, err: expect.stringContaining('has not served in staging') })
  await freehold('agents', 'release', 'helper', 'development', '2')
  expect((await freehold('releases', 'promote', 'helper', 'staging')).out).toContain('helper v2 in staging')
  const promoted = await freehold('releases', 'promote', 'helper', 'production', '--comment', 'it did well')
  expect(promoted.out).toContain('helper v2 in production')
  const rolledBack = await freehold('releases', 'rollback', 'helper', 'production', '--comment', 'too wordy')
  expect(rolledBack.out).toContain('helper v1 in production')
  const { out } = await freehold('releases', 'list', 'helper')
  expect(out).toMatch(/3 .* rollback +v1 .* too wordy\n +2 .* promotion +v2 .* it did well\n +1 .* created +v1 /)
})

it('starts a canary with its limits, and shows how it does', async () => {
  const args = ['--canary', '10', '--min-runs', '30', '--max-cost-percent', 'off', '--json']
  const { out } = await freehold('releases', 'promote', 'helper', 'production', '2', ...args)
  expect(JSON.parse(out)).toMatchObject({
    release: { version: 1, canary: { version: 2, percent: 10, minRuns: 30, maxErrorPoints: 10, maxCostPercent: null } },
    request: null,
  })
  expect((await freehold('releases', 'show', 'helper')).out).toMatch(
    /canary +v2, 10% of new threads since .*\n.*none ended yet/,
  )
  expect((await freehold('releases', 'promote', 'helper', 'production', '2', '--min-runs', '3')).code).toBe(2)
  expect((await freehold('releases', 'rollback', 'helper', 'production')).out).not.toContain('canary')
})

it('asks for approval where the tenant wants it, of somebody else', async () => {
  expect((await freehold('settings', 'set', '--production-approvals', '1/admin')).out).toContain(
    'needs 1 approval of the role admin',
  )
  const asked = await freehold('releases', 'promote', 'helper', 'production', '2')
  const [, id = ''] = /releases approve (\S+)/.exec(asked.out) ?? []
  expect((await freehold('releases', 'requests')).out).toMatch(new RegExp(`${id} +pending +helper v2 to production`))
  expect(await freehold('releases', 'approve', id)).toMatchObject({
    code: 1,
    err: expect.stringContaining('somebody else has to approve it'),
  })
  const key = ['keys', 'create', 'ann', '--scopes', 'releases:decide,agents:read', '--roles', 'admin', '--json']
  const { apiKey } = JSON.parse((await freehold(...key)).out)
  const [, url = ''] = /(http:\/\/localhost:\d+)/.exec(shared.platform.stdout()) ?? []
  const as = startCommand(['releases', 'approve', id], { ...shared.env, FREEHOLD_URL: url, FREEHOLD_API_KEY: apiKey })
  expect(await as.ended).toBe(0)
  expect(as.stdout()).toMatch(/status +approved/)
  expect((await freehold('releases', 'show', 'helper')).out).toContain('helper v2 in production')
  expect((await freehold('settings', 'set', '--production-approvals', 'none')).out).toContain('needs no approval')
})

it('makes a key for one environment', async () => {
  expect((await freehold('keys', 'create', 'ci', '--environment', 'staging')).out).toMatch(/bound to +staging/)
})
