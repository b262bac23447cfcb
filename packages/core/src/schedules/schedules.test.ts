import { createScheduleSchema, updateScheduleSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { createSchedule, deleteSchedule, getSchedule, listSchedules, updateSchedule } from './schedules.ts'

let on: TestPlatform
let caller: Caller

beforeAll(async () => {
  on = await createTestPlatform()
  caller = on.caller(on.acme)
})
afterAll(() => on.close())

const minimal = { name: 'minimal', agent: 'assistant', message: 'hi', cron: '0 9 * * *' }

const create = (changes: Record<string, unknown>) =>
  createSchedule(
    caller,
    createScheduleSchema.parse({ name: 'daily', agent: 'assistant', message: 'hi', cron: '0 9 * * *', ...changes }),
  )

const inAYear = new Date(Date.now() + 365 * 86_400_000).toISOString()

it('shows its next times in its time zone', async () => {
  const { id } = await create({ name: 'in Berlin', cron: '0 9 1 1 *', timeZone: 'Europe/Berlin' })
  const { nextTimes } = await getSchedule(caller, id)
  expect(nextTimes).toHaveLength(5)
  for (const time of nextTimes) expect(time).toMatch(/^\d{4}-01-01T08:00:00\.000Z$/)
})

it('refuses what can not be a schedule', async () => {
  await expect(create({ cron: '* * * *' })).rejects.toMatchObject({ code: 'invalid_request' })
  await expect(create({ cron: undefined, at: '2020-01-01T00:00:00Z' })).rejects.toMatchObject({
    code: 'invalid_request',
  })
  await expect(create({ agent: 'nobody' })).rejects.toMatchObject({
    code: 'not_found',
    message: 'There is no agent named "nobody".',
  })
  const without = { ...caller, permissions: new Set([...caller.permissions].filter((p) => p !== 'schedules:write')) }
  const input = createScheduleSchema.parse({ name: 'n', agent: 'assistant', message: 'hi', cron: '@daily' })
  await expect(createSchedule(without, input)).rejects.toMatchObject({ code: 'permission_denied' })
})

it('takes time zones of the IANA database, as tenants do', async () => {
  expect(() => createScheduleSchema.parse({ ...minimal, timeZone: 'Mars/Olympus' })).toThrow('IANA time zone database')
  expect(() => updateScheduleSchema.parse({ timeZone: '+02:00' })).toThrow()
  expect(createScheduleSchema.parse(minimal)).toMatchObject({ timeZone: 'UTC' })
})

it('no longer acts for its user when that is cleared', async () => {
  const { id } = await create({ name: 'for ada', user: 'ada' })
  expect(await updateSchedule(caller, id, updateScheduleSchema.parse({ message: 'hello' }))).toMatchObject({
    user: 'ada',
  })
  expect(await updateSchedule(caller, id, updateScheduleSchema.parse({ user: null }))).toMatchObject({ user: null })
})

it('is taken over by whoever changes what it runs, and by nobody who only changes when', async () => {
  const { id, createdBy } = await create({ name: 'changing hands' })
  const other = { ...caller, actor: { ...caller.actor, id: 'another-key' } }
  expect(await updateSchedule(other, id, { cron: '@hourly', message: 'hi', metadata: {} })).toMatchObject({ createdBy })
  expect((await updateSchedule(other, id, { message: 'hello' })).createdBy).toContain('another-key')
})

it('a tenant has a thousand at the most, also when several come at once', async () => {
  const tenant = await on.createTenant('with many')
  await on.asSuperuser(
    `insert into schedules (tenant_id, id, name, agent, environment, message, metadata, priority, cron, time_zone, overlap,
         catch_up, next_at, created_by)
       select $1, gen_random_uuid(), 'schedule ' || n, 'assistant', 'production', 'hi', '{}', 1, '@daily', 'UTC', 'skip',
         'latest', now() + interval '1 day', 'test' from generate_series(1, 998) n`,
    [tenant.id],
  )
  const crowded = on.caller(tenant)
  const another = (name: string) => createSchedule(crowded, createScheduleSchema.parse({ ...minimal, name }))
  const created = await Promise.allSettled(['a', 'b', 'c', 'd'].map(another))
  expect(created.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
  await expect(another('e')).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('1000 schedules. Delete one'),
  })
  const [last] = (await listSchedules(crowded, { limit: 1 })).items
  await deleteSchedule(crowded, last?.id ?? '')
  expect(await another('f')).toMatchObject({ status: 'active' })
})

it('has its name for itself, until it is deleted', async () => {
  const { id } = await create({ name: 'mine' })
  await expect(create({ name: 'mine' })).rejects.toMatchObject({ code: 'conflict' })
  const { id: other } = await create({ name: 'yours' })
  await expect(updateSchedule(caller, other, { name: 'mine' })).rejects.toMatchObject({ code: 'conflict' })
  expect(await deleteSchedule(caller, id)).toMatchObject({ status: 'deleted', nextTimes: [] })
  await expect(getSchedule(caller, id)).rejects.toMatchObject({ code: 'not_found' })
  await expect(deleteSchedule(caller, id)).rejects.toMatchObject({ code: 'not_found' })
  expect((await listSchedules(caller, { limit: 200 })).items.map((each) => each.id)).not.toContain(id)
  expect(await create({ name: 'mine' })).toMatchObject({ name: 'mine' })
})

it('changes from cron to a single time and back', async () => {
  const { id } = await create({ name: 'changing' })
  expect(await updateSchedule(caller, id, { at: inAYear })).toMatchObject({
    cron: null,
    at: inAYear,
    nextTimes: [inAYear],
  })
  const back = await updateSchedule(caller, id, { cron: '30 9 * * *', timeZone: 'Asia/Tokyo', message: 'hello' })
  expect(back).toMatchObject({ cron: '30 9 * * *', at: null, message: 'hello', timeZone: 'Asia/Tokyo' })
  expect(back.nextTimes[0]).toMatch(/T00:30:00\.000Z$/)
  await expect(updateSchedule(caller, id, { cron: 'never' })).rejects.toMatchObject({ code: 'invalid_request' })
  await expect(updateSchedule(caller, id, { agent: 'nobody' })).rejects.toMatchObject({ code: 'not_found' })
})

it('one that is done goes on only with another time', async () => {
  const { id } = await create({ name: 'once', cron: undefined, at: inAYear })
  await on.asSuperuser(
    `update schedules set status = 'done', next_at = null, at = now() - interval '1 day' where id = $1`,
    [id],
  )
  await expect(updateSchedule(caller, id, { status: 'active' })).rejects.toMatchObject({
    code: 'conflict',
    message: 'Its time has passed. Give it another one with `at`, or a `cron`.',
  })
  expect(await updateSchedule(caller, id, { message: 'still done' })).toMatchObject({ status: 'done' })
  expect(await updateSchedule(caller, id, { at: inAYear })).toMatchObject({ status: 'active', nextTimes: [inAYear] })
})
