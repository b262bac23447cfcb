import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { type Started, sharePlatform, startCommand } from '../command.fixture.ts'

const shared = sharePlatform()
const freehold = (args: string[]) => shared.run(args)

async function freeholdJson(args: string[]) {
  const { code, out, err } = await freehold([...args, '--json'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

beforeAll(async () => {
  const file = join(shared.dataDir, 'careful.json')
  const approvals = { tools: { calculate: { require: 'always' } } }
  await writeFile(file, JSON.stringify({ tools: ['calculate'], approvals }))
  expect(await freehold(['agents', 'create', 'careful', '--file', file])).toMatchObject({ code: 0 })
})

/** Starts a run, and waits until it needs the approval whose id is returned. */
async function startCareful(): Promise<{ run: Started; id: string; runId: string }> {
  const run = startCommand(['run', 'careful', 'What', 'is', '6*7?'], shared.env)
  await run.printed('needs approval')
  await run.printed('waits for the approval')
  const [approval] = await freeholdJson(['approvals', 'list'])
  return { run, id: approval.id, runId: approval.runId }
}

it('a run that waits is shown, its approval lists the exact arguments, and goes on once it is approved', async () => {
  const { run, id, runId } = await startCareful()
  expect((await freehold(['runs', 'list'])).out).toContain('waiting (approval)')
  expect((await freehold(['runs', 'show', runId])).out).toContain(`approvals show ${id}`)
  expect((await freehold(['approvals', 'list'])).out).toContain('calculate  {"expression":"6*7"}')
  const shown = await freehold(['approvals', 'show', id])
  expect(shown.out).toContain('"expression": "6*7"')

  const wrong = await freehold(['approvals', 'approve', id, '--hash', 'f'.repeat(64)])
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('conflict') })
  const approved = await freehold(['approvals', 'approve', id, '--comment', 'fine'])
  expect(approved).toMatchObject({ code: 0, out: expect.stringContaining('approve (fine)') })
  expect(await run.ended).toBe(0)
  expect(run.stdout()).toMatch(/tool:1 approved by api_key:.*: fine[\s\S]*42/)
  expect(await freehold(['approvals', 'list'])).toMatchObject({ out: 'Nothing waits for a decision.\n' })
  expect(await freeholdJson(['approvals', 'list', '--all'])).toMatchObject([{ id, status: 'approved' }])
})

it('a run can be left when it waits for a person, and watched to its end later', async () => {
  const left = await freehold(['run', '--until-asked', 'careful', 'What', 'is', '6*7?'])
  expect(left).toMatchObject({ code: 0, out: expect.stringMatching(/waits for the approval of tool:1 until .*\n$/) })
  const [{ id, runId }] = await freeholdJson(['approvals', 'list'])
  expect(left.err).toContain(`runs watch ${runId}`)
  expect(await freehold(['approvals', 'approve', id])).toMatchObject({ code: 0 })
  expect(await freehold(['runs', 'watch', runId])).toMatchObject({ code: 0, out: expect.stringContaining('42') })
})

it('edited arguments are approved instead; a rejection is shown with its reason', async () => {
  const edited = await startCareful()
  expect(await freehold(['approvals', 'approve', edited.id, '--edit', '{'])).toMatchObject({ code: 2 })
  const file = join(shared.dataDir, 'edited.json')
  await writeFile(file, '{"expression": "6*8"}')
  expect(await freehold(['approvals', 'approve', edited.id, '--edit', `@${file}`])).toMatchObject({ code: 0 })
  expect(await edited.run.ended).toBe(0)
  expect(edited.run.stdout()).toMatch(/calculate.*6\*8.*48/)

  const rejected = await startCareful()
  expect(await freehold(['approvals', 'reject', rejected.id, '--comment', 'not now'])).toMatchObject({ code: 0 })
  await rejected.run.ended
  expect(rejected.run.stdout()).toMatch(/tool:1 rejected by api_key:.*: not now/)
})
