import { waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { contractFlags, describeFlags } from './flags-contract.fixture.ts'
import { type Flags, openFlags } from './open-flags.ts'
import { createUnleashProvider } from './unleash-provider.ts'
import { startUnleashServer, type UnleashServer } from './unleash-server.fixture.ts'

const [acme, globex] = ['00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-00000000000b']
let server: UnleashServer
let flags: Flags

beforeAll(async () => {
  server = await startUnleashServer(acme, contractFlags)
  flags = await openFlags('unleash', createUnleashProvider(server), (error) => expect(error).toBeUndefined())
})
afterAll(async () => {
  await flags.close()
  await server.close()
})

describeFlags('Unleash', () => ({ flags, acme, globex }))

it('falls back when Unleash refuses, and says so', async () => {
  const errors: unknown[] = []
  const onError = (error: unknown) => void errors.push(error)
  const refused = await openFlags('unleash', createUnleashProvider({ ...server, token: 'wrong', onError }), onError)
  const details = await refused.bind(acme, 'production').client().getBooleanDetails('is-on', false)
  expect(details).toMatchObject({ value: false, errorCode: 'PROVIDER_NOT_READY' })
  expect(errors).not.toEqual([])
  await refused.close()
})

it.each([401, 403])('a refusal with %i does not end the asking for flags', async (status) => {
  const own = await startUnleashServer(acme, contractFlags)
  own.refuse(status)
  const reopened = await openFlags('unleash', createUnleashProvider({ ...own, refreshMs: 20 }))
  const isOn = () => reopened.bind(acme, 'production').client().getBooleanValue('is-on', false)
  try {
    own.refuse(undefined)
    await waitFor(isOn, { what: 'the flags to be there' })
    own.refuse(status)
    const { refused, answered } = own.counts()
    await waitFor(async () => own.counts().refused > refused, { what: 'a refusal' })
    expect(await isOn()).toBe(true)
    own.refuse(undefined)
    await waitFor(async () => own.counts().answered > answered, { what: 'the flags to be asked for again' })
  } finally {
    await reopened.close()
    await own.close()
  }
})
