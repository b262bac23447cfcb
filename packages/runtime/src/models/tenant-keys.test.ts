import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseEgressAllow } from '../egress/index.ts'
import { createModelCaller, createTenantKeys } from './index.ts'
import { requestOf } from './request.fixture.ts'
import { completes, fails, type Script, type ScriptedServer, startScriptedServer } from './scripted-server.fixture.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform({ egressAllow: '127.0.0.1' })
})
afterAll(() => on.close())

const ownKey = 'key-of-acme-0123456789'

/** A caller of an installation with a key for `openai`, whose base URL is that of `server`. */
function callerOf(server: ScriptedServer, egressAllow = '127.0.0.1') {
  const { database, vault } = on.platform
  const tenantKeys = createTenantKeys({ database, vault, operatorAllow: parseEgressAllow(egressAllow) })
  const config = { openai: { apiKey: 'key-of-the-installation', baseUrl: server.url }, compatible: {} }
  return createModelCaller(config, { attemptsPerModel: 1, tenantKeys })
}
const request = (model: string, tenantId = on.acme.id) => requestOf(model, 'hello', { tenantId })
const keysSent = ({ requests }: ScriptedServer) => requests.map(({ headers }) => headers.authorization)

async function connect(name: string, provider: string, baseUrl: string | null = null): Promise<void> {
  const client = on.client(on.acme.key)
  await client.putSecret({ params: { name: 'own' }, body: { value: ownKey } })
  const body = { kind: 'model_provider', secret: 'own', provider, baseUrl } as const
  await client.putConnection({ params: { name }, body })
}

it("a tenant's key goes before the installation's, for that tenant and for as long as it is there", async () => {
  await using server = await startScriptedServer(completes('Hi.'))
  const call = callerOf(server)
  await connect('openai', 'openai')
  await call(request('openai/m'))
  await call(request('openai/m', on.globex.id))
  await on.client(on.acme.key).deleteConnection({ params: { name: 'openai' } })
  await call(request('openai/m'))
  const installation = 'Bearer key-of-the-installation'
  expect(keysSent(server)).toEqual([`Bearer ${ownKey}`, installation, installation])
})

it("a tenant's own server is called by its name, and no other tenant has it", async () => {
  await using server = await startScriptedServer(completes('From our server.'))
  const call = callerOf(server)
  await connect('ours', 'ours', server.url)
  expect(await call(request('ours/m'))).toMatchObject({ text: 'From our server.', model: 'ours/m' })
  expect(keysSent(server)).toEqual([`Bearer ${ownKey}`])
  const others = call(request('ours/m', on.globex.id))
  await expect(others).rejects.toMatchObject({ code: 'model_unavailable' })
})

it('an address that a tenant gives goes through the egress guard', async () => {
  await using server = await startScriptedServer(completes('Hi.'))
  await connect('private', 'private', server.url)
  await expect(callerOf(server, '')(request('private/m'))).rejects.toThrow(
    /private\/m could not be called: The address 127\.0\.0\.1 is private\. The operator can allow [\d.:]+\d\.$/,
  )
  expect(server.requests).toEqual([])
})

it('a redirect of such a server is not followed, so that the key stays there', async () => {
  await using elsewhere = await startScriptedServer(completes('Hi.'))
  const redirect: Script = (response) => response.writeHead(307, { location: elsewhere.url }).end()
  await using server = await startScriptedServer(redirect)
  await connect('redirecting', 'redirecting', server.url)
  await expect(callerOf(server)(request('redirecting/m'))).rejects.toMatchObject({ code: 'model_failed' })
  expect([server.requests.length, elsewhere.requests.length]).toEqual([1, 0])
})

it('a name that nobody knows needs an address', async () => {
  await using server = await startScriptedServer(completes('Hi.'))
  await connect('unknown', 'unknown')
  await expect(callerOf(server)(request('unknown/m'))).rejects.toThrow('which is not known here: give it a base URL')
})

it.each([
  ['refuses', 401],
  ['breaks down', 500],
])('a server that %s and quotes the key gets it into no error, nor into what caused it', async (_, status) => {
  await using server = await startScriptedServer(fails(status, {}, { message: `no good: ${ownKey}` }))
  await connect('quoting', 'quoting', server.url)
  const failure: unknown = await callerOf(server)(request('quoting/m')).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'model_failed' })
  const told = chainOf(failure).map(({ message, stack }) => `${message} ${stack}`)
  expect(told.join()).toContain('no good: [redacted]')
  expect(told.join()).not.toContain(ownKey)
})

/** An error and all that caused it, as a log would tell. */
function chainOf(error: unknown): Error[] {
  return error instanceof Error ? [error, ...chainOf(error.cause)] : []
}
