import { defineProgram } from '@freehold/runtime'
import { createTestPlatform, type TestPlatform, waitFor } from '@freehold/testkit'
import { afterEach, expect, it } from 'vitest'

let test: TestPlatform
let held: PromiseWithResolvers<void>

const program = defineProgram('two-steps', async (run) => {
  await run.step('first', () => 1)
  await run.step('second', () => held.promise)
  await run.step('third', () => 3)
  return 'done'
})

afterEach(() => test.close())

async function open(leaseMs: number): Promise<void> {
  held = Promise.withResolvers()
  test = await createTestPlatform({ worker: true, leaseMs, programs: [program] })
  const agent = { name: 'two-steps', program: 'two-steps' }
  expect(await test.request(test.acme.key, 'POST', '/api/v1/agents', agent)).toMatchObject({ status: 201 })
}

/** The database refuses every event as PostgreSQL does when its disk is full. A sequence counts, as none is rolled back. */
async function fillDisk(): Promise<void> {
  await test.asSuperuser('create sequence testkit.refusals')
  await test.asSuperuser(`create function testkit.refuse() returns trigger language plpgsql security definer as $f$
    begin
      perform nextval('testkit.refusals');
      raise exception 'could not extend file: No space left on device' using errcode = '53100';
    end $f$`)
  await test.asSuperuser(
    'create trigger full_disk before insert on run_events for each row execute function testkit.refuse()',
  )
}

async function makeRoom(): Promise<void> {
  await test.asSuperuser('drop trigger full_disk on run_events')
}

async function refusals(): Promise<number> {
  const [row] = await test.asSuperuser<{ last_value: number }>('select last_value from testkit.refusals')
  return row?.last_value ?? 0
}

function startRun() {
  return test.request(test.acme.key, 'POST', '/api/v1/agents/two-steps/runs', { message: 'go' })
}

it.each([
  ['for less than a lease: its worker waits', 60_000, 0],
  ['for longer than a lease: another claim resumes it', 600, 1],
])('a run outlives a full disk, %s', async (_, leaseMs, resumed) => {
  await open(leaseMs)
  const started = await startRun()
  const { id } = started.body as { id: string }
  const client = test.client(test.acme.key)
  const journal = async () => (await client.listRunEvents({ params: { id } })).items.map(({ type }) => type)
  await waitFor(async () => (await journal()).includes('step.finished'))
  await fillDisk()
  held.resolve()
  await waitFor(async () => (await refusals()) > 2, { what: 'the journal to be refused' })

  expect(await startRun()).toMatchObject({
    status: 503,
    body: { code: 'unavailable', detail: 'The disk of the database is full. Free some space, then try again.' },
  })
  expect((await client.getRun({ params: { id } })).status).toBe('running')
  if (resumed > 0) await waitFor(() => test.logs.some((line) => line.includes('run given up')))

  await makeRoom()
  await waitFor(async () => (await journal()).includes('run.succeeded'), { what: 'the run to end' })
  const types = await journal()
  expect(types.filter((type) => type === 'step.finished')).toHaveLength(3)
  expect(types.filter((type) => type === 'run.resumed')).toHaveLength(resumed)
})
