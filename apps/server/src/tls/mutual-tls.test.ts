import { channel } from 'node:diagnostics_channel'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { createDataFolder, findFreePort, waitFor } from '@freehold/testkit'
import { type Logger, pino } from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { remoteApi } from '../gateway/forward.ts'
import { createListener } from '../http/listener.ts'
import { type RunningServer, serve } from '../serve.ts'
import { type Authority, createAuthority, writeTlsFiles } from './authority.fixture.ts'
import { openTlsIdentity, type TlsFiles, type TlsMaterial } from './identity.ts'

const checkMs = 20
let ours: Authority
let stranger: Authority
let folder: string
let stops: AsyncDisposableStack
let lines: string[]
let logger: Logger

beforeAll(async () => {
  ours = await createAuthority('ours')
  // As someone would name theirs who wants to be taken for ours.
  stranger = await createAuthority('ours')
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freehold-tls-'))
  stops = new AsyncDisposableStack()
  lines = []
  logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
})
afterEach(async () => {
  await stops.disposeAsync()
  await rm(folder, { recursive: true })
})

const filesOf = (name: string): TlsFiles => ({
  cert: join(folder, `${name}.crt`),
  key: join(folder, `${name}.key`),
  ca: join(folder, `${name}.ca`),
})

async function open(name: string, material: TlsMaterial) {
  await writeTlsFiles(filesOf(name), material)
  const identity = await openTlsIdentity(filesOf(name), logger, checkMs)
  stops.defer(() => identity.stop())
  return identity
}

/** An api that answers everyone whom it lets in. */
async function startApi(address = '127.0.0.1'): Promise<string> {
  const listener = createListener({ tls: await open('api', await ours.issue(address)), stalledViewerMs: 400 })
  listener.serve((incoming) =>
    incoming.url.endsWith('/endless') ? new Response(endless()) : Response.json({ served: true }),
  )
  stops.defer(() => listener.close(0))
  return listener.listen({ host: '127.0.0.1', port: 0 })
}

function endless(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(256 * 1024)
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) })
}

/** One request on a connection of its own. */
const ask = (url: string, material: Partial<TlsMaterial>) =>
  new Promise<{ status: number | undefined; serial: string }>((resolve, reject) => {
    const sent = request(url, { ...material, agent: false }, (response) => {
      const { serialNumber: serial } =
        sent.socket && 'getPeerCertificate' in sent.socket ? peerOf(sent.socket) : { serialNumber: '' }
      response.resume().on('end', () => resolve({ status: response.statusCode, serial }))
    })
    sent.on('error', reject).end()
  })

/** Connects, going on with an earlier session if there is one, and returns a session to go on with once it was answered. */
const connectOnce = (url: string, material: TlsMaterial, earlier?: Buffer) =>
  new Promise<Buffer>((resolve, reject) => {
    // What is asked is whether the api takes us, so not whether we take the api.
    const target = { host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false }
    const socket = connect({ ...target, ...material, ...(earlier && { session: earlier }) })
    let session = earlier
    socket.on('session', (made) => {
      session = made
    })
    socket.on('error', reject).on('close', () => reject(new Error('was closed without an answer')))
    socket.once('data', () => {
      const outcome = socket.isSessionReused() === Boolean(earlier) ? session : undefined
      if (outcome) resolve(outcome)
      socket.destroy(outcome ? undefined : new Error('was answered by another session than expected'))
    })
    socket.write('GET / HTTP/1.1\r\nhost: api\r\n\r\n')
  })

const peerOf = (socket: object) => (socket as ReturnType<typeof connect>).getPeerCertificate()

describe('an api with TLS', () => {
  test('serves who has a certificate of its CA, and nobody else', async () => {
    const url = await startApi()
    const [good, foreign] = [await ours.issue(), await stranger.issue()]
    expect(await ask(url, good)).toMatchObject({ status: 200 })
    const refusals: [Partial<TlsMaterial>, reason: RegExp][] = [
      [{ ca: ours.ca }, /PEER_DID_NOT_RETURN_A_CERTIFICATE/],
      [{ ...foreign, ca: ours.ca }, /CERT_SIGNATURE_FAILURE|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/],
      [await ours.issue('127.0.0.1', -1), /CERT_HAS_EXPIRED/],
    ]
    for (const [material, reason] of refusals) {
      await expect(ask(url, material)).rejects.toThrow()
      await waitFor(() => reason.test(lines.join('')), { what: `the line about ${reason}: ${lines.join('')}` })
    }
    await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow()
  })

  test('is called by a gateway with a certificate, which asks for the name of the api in turn', async () => {
    const url = await startApi()
    const asGateway = remoteApi(url, await open('gateway', await ours.issue()))
    const answer = await asGateway(new Request('http://api/any', { method: 'POST', body: 'text' }))
    expect(await answer.json()).toEqual({ served: true })
    const ofStranger = remoteApi(url, await open('stranger', { ...(await stranger.issue()), ca: ours.ca }))
    await expect(ofStranger(new Request('http://api/any'))).rejects.toMatchObject({ code: 'unavailable' })
    const trustsStranger = remoteApi(url, await open('deceived', { ...(await ours.issue()), ca: stranger.ca }))
    await expect(trustsStranger(new Request('http://api/any'))).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('is not believed to be another', async () => {
    const asGateway = remoteApi(await startApi('127.0.0.2'), await open('gateway', await ours.issue()))
    const error = await asGateway(new Request('http://api/any')).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'unavailable', cause: { cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } } })
  })

  test('follows its files: another certificate, another CA, and not a broken one', async () => {
    const url = await startApi()
    const good = await ours.issue()
    const { serial } = await ask(url, good)
    await writeTlsFiles(filesOf('api'), await ours.issue())
    const next = await waitFor(async () => {
      const now = await ask(url, good)
      return now.serial !== serial && now.serial
    })
    await writeFile(filesOf('api').cert, 'broken')
    await waitFor(() => lines.some((line) => line.includes('can not be used; the one before stays')))
    expect(await ask(url, good)).toMatchObject({ status: 200, serial: next })
    const session = await connectOnce(url, good)
    await connectOnce(url, good, session)
    const moved = await stranger.issue()
    await writeTlsFiles(filesOf('api'), moved)
    await waitFor(() => ask(url, moved).catch(() => false))
    await expect(ask(url, { ...good, ca: stranger.ca })).rejects.toThrow()
    await expect(connectOnce(url, good, session)).rejects.toThrow()
  })

  test('is called with the certificate that the gateway has by then', async () => {
    const url = await startApi()
    const identity = await open('gateway', { ...(await stranger.issue()), ca: ours.ca })
    const asGateway = remoteApi(url, identity)
    await expect(asGateway(new Request('http://api/any'))).rejects.toMatchObject({ code: 'unavailable' })
    await writeTlsFiles(filesOf('gateway'), await ours.issue())
    const answer = await waitFor(() => asGateway(new Request('http://api/any')).catch(() => false as const))
    expect(answer.status).toBe(200)
    await answer.body?.cancel()
  })

  test('cuts a viewer that takes nothing of what was sent to it', async () => {
    const { port } = new URL(await startApi())
    const served = Promise.withResolvers<Socket>()
    const onRequest = (message: unknown) => served.resolve((message as { socket: Socket }).socket)
    channel('http.server.request.start').subscribe(onRequest)
    const viewer = connect({ host: '127.0.0.1', port: Number(port), ...(await ours.issue()) })
    viewer.on('error', () => {})
    viewer.write('GET /endless HTTP/1.1\r\nhost: api\r\n\r\n')
    const socket = await served.promise
    channel('http.server.request.start').unsubscribe(onRequest)
    await new Promise((resolve) => socket.once('close', resolve))
    viewer.destroy()
  })
})

describe('files that can not be used', () => {
  test.each([
    [
      'a key of another certificate',
      async (good: TlsMaterial) => ({ ...good, key: (await ours.issue()).key }),
      'FREEHOLD_TLS_KEY',
    ],
    ['an empty key', async (good: TlsMaterial) => ({ ...good, key: '' }), 'FREEHOLD_TLS_KEY'],
    ['an empty CA', async (good: TlsMaterial) => ({ ...good, ca: '' }), 'FREEHOLD_TLS_CA: there is no certificate'],
    [
      'a broken CA',
      async (good: TlsMaterial) => ({ ...good, ca: good.ca.replace(/MI/, 'XX') }),
      'FREEHOLD_TLS_CA: a certificate',
    ],
    [
      'no certificate',
      async (good: TlsMaterial) => ({ ...good, cert: good.key }),
      'FREEHOLD_TLS_CERT: there is no certificate',
    ],
    ['an expired certificate', () => ours.issue('127.0.0.1', -1), 'FREEHOLD_TLS_CERT: the certificate has expired'],
  ])('%s keeps the server from starting', async (_, make, problem) => {
    await expect(
      ours
        .issue()
        .then(make)
        .then((material) => open('bad', material)),
    ).rejects.toThrow(problem)
  })
})

test('api and gateway as targets: requests by certificate, probes beside', async () => {
  const dataDir = await createDataFolder()
  stops.defer(() => rm(dataDir, { recursive: true, force: true }))
  const [api, gateway] = [filesOf('api'), filesOf('gateway')]
  await writeTlsFiles(api, await ours.issue())
  await writeTlsFiles(gateway, await ours.issue())
  const start = async (target: 'api' | 'gateway', files: TlsFiles, env: object): Promise<RunningServer> => {
    const tls = { FREEHOLD_TLS_CERT: files.cert, FREEHOLD_TLS_KEY: files.key, FREEHOLD_TLS_CA: files.ca }
    const settings = { FREEHOLD_DATA_DIR: dataDir, FREEHOLD_SHUTDOWN_GRACE_MS: '0', PORT: '0', ...tls, ...env }
    const server = await serve(readConfig(settings, target), logger, () => {})
    stops.defer(() => server.stop())
    return server
  }
  const probePort = String(await findFreePort())
  const { url } = await start('api', api, { FREEHOLD_PROBE_PORT: probePort })
  const outside = await start('gateway', gateway, { FREEHOLD_API_URL: url ?? '' })
  expect(url).toMatch(/^https:/)
  expect(await fetch(`${outside.url}/ready`).then((it) => it.json())).toEqual({ status: 'ready' })
  const whoami = await fetch(`${outside.url}/api/v1/whoami`, { headers: { authorization: 'Bearer fhk_nobody' } })
  expect(whoami.status).toBe(401)
  await expect(ask(`${url}/ready`, { ca: ours.ca })).rejects.toThrow()
  for (const path of ['health', 'ready'])
    expect((await fetch(`http://127.0.0.1:${probePort}/${path}`)).status).toBe(200)
  expect((await fetch(`http://127.0.0.1:${probePort}/api/v1/whoami`)).status).toBe(404)
})

describe('a configuration is refused', () => {
  const all = { FREEHOLD_TLS_CERT: 'a', FREEHOLD_TLS_KEY: 'b', FREEHOLD_TLS_CA: 'c' }
  const toApi = { FREEHOLD_API_URL: 'http://api.internal' }
  test.each([
    ['with a part of the files', 'api', { FREEHOLD_TLS_CERT: 'a' }, 'FREEHOLD_TLS_CERT: goes with'],
    ['for everything in one process', 'all', all, 'FREEHOLD_TLS_CERT: is for gateway and api'],
    [
      'of a gateway that calls in the clear',
      'gateway',
      { ...all, ...toApi },
      'FREEHOLD_API_URL: must begin with https://',
    ],
    ['with probes apart, without TLS', 'api', { FREEHOLD_PROBE_PORT: '8080' }, 'FREEHOLD_PROBE_PORT: is for an api'],
  ] as const)('%s', (_, target, env, problem) => {
    expect(() => readConfig(env, target)).toThrow(problem)
  })
})
