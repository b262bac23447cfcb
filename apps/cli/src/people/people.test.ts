import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

const on = sharePlatform()
const json = async (...args: string[]) => JSON.parse((await on.run([...args, '--json', '--tenant', 'acme'])).out)
const ok = async (...args: string[]) => {
  const { code, out, err } = await on.run([...args, '--tenant', 'acme'])
  expect(code, err).toBe(0)
  return out
}

test('teams are made, given things, and joined by a service account with a key of its own', async () => {
  expect(await ok('teams', 'create', 'claims')).toContain('Created the team claims')
  expect(await ok('teams', 'create', 'sales')).toContain('sales')
  expect(await ok('teams', 'give', 'agent', 'planner', 'claims', '--share', 'sales')).toContain('belongs to claims')
  expect(await ok('teams', 'list')).toMatch(/claims .*agent planner/)
  const robot = await json('members', 'create-service-account', 'robot')
  expect(await ok('teams', 'add', 'claims', 'robot', 'viewer,operator')).toContain(
    'robot is operator, viewer of claims',
  )
  expect(await ok('teams', 'members', 'claims')).toContain('robot')
  const { apiKey } = await json('keys', 'create', 'of the robot', '--service-account', robot.id)
  expect(apiKey).toMatch(/^fht_/)
  expect(await ok('teams', 'remove', 'claims', 'robot')).toContain('no member of claims')
  expect(await ok('members', 'remove', 'robot')).toMatch(new RegExp(`${robot.id}[^]*keys revoked +1`))
  const refused = await on.run(['teams', 'delete', 'claims', '--tenant', 'acme'])
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('owns something yet')])
  await ok('teams', 'give', 'agent', 'planner', 'none')
  await ok('teams', 'rename', 'claims', 'former claims')
  expect(await ok('teams', 'delete', 'former claims')).toContain('Deleted')
})

test('the list of keys says who made which, and removing them how many went along', async () => {
  const maker = await json('members', 'create-service-account', 'maker', '--roles', 'admin')
  const { apiKey } = await json('keys', 'create', 'of the maker', '--service-account', maker.id)
  const { url } = JSON.parse(await readFile(join(on.dataDir, 'credentials.json'), 'utf8'))
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/v1/keys`, { method: 'POST', headers, body: '{"name": "made"}' })
  expect(answer.status).toBe(201)
  expect(await ok('keys', 'list')).toMatch(/ active +maker +made\n/)
  expect(await ok('members', 'remove', 'maker')).toMatch(/keys revoked +2\n/)
})

test('somebody is invited into a team, seen in the list, and not any more', async () => {
  const out = await ok('invitations', 'create', 'Ada@Example.com', '--roles', 'viewer', '--in-team', 'sales:builder')
  expect(out).toContain('Invited ada@example.com')
  const [invitation] = await json('invitations', 'list')
  expect(invitation).toMatchObject({ roles: ['viewer'], teams: [{ roles: ['builder'] }], status: 'pending' })
  expect(await ok('invitations', 'revoke', invitation.id)).toContain('is revoked')
})

test.each([
  [['invitations', 'create', 'ada@example.com'], 2, 'role'],
  [['invitations', 'create', 'nobody', '--roles', 'viewer'], 2, 'email'],
  [['invitations', 'create', 'ada@example.com', '--in-team', 'sales'], 2, 'claims:builder'],
  [['teams', 'give', 'house', 'x', 'sales'], 2, 'agent'],
  [['teams', 'members', 'nobody'], 1, 'no team "nobody"'],
  [['members', 'remove', 'nobody'], 1, 'no member "nobody"'],
])('%j is refused with what to do', async (args, code, words) => {
  const refused = await on.run([...args, '--tenant', 'acme'])
  expect([refused.code, refused.err]).toEqual([code, expect.stringContaining(words)])
})
