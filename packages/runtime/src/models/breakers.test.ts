import { describe, expect, it } from 'vitest'
import { createBreakers } from './breakers.ts'
import { ProviderFault } from './provider-fault.ts'
import { requestOf } from './request.fixture.ts'
import { callerOf, completes, fails, startScriptedServer } from './scripted-server.fixture.ts'

const fast = { backoffMs: 1 }

describe('the breaker', () => {
  it('opens after five faults in a row, goes straight to the fallback, and closes again', async () => {
    const broken = fails(503)
    await using server = await startScriptedServer(broken, broken, broken, broken, broken, completes('Well again.'))
    await using spare = await startScriptedServer(completes('From the spare.'))
    const call = callerOf(server, { ...fast, breakerOpenMs: 4_000 }, spare)
    const request = () => requestOf('openai/m', 'hello', { fallbackModels: ['spare/m'] })

    expect(await call(request())).toMatchObject({ model: 'spare/m', attempts: 4 })
    // The fifth fault opens it, so the sixth request is not made.
    expect(await call(request())).toMatchObject({ model: 'spare/m', attempts: 3 })
    expect(server.requests).toHaveLength(5)
    expect(await call(request())).toMatchObject({ model: 'spare/m', attempts: 1 })
    expect(server.requests).toHaveLength(5)
    await expect(call(requestOf('openai/m', 'hello'))).rejects.toThrow(
      'openai/m was not called: openai failed several times in a row (it answered 503) and is left alone for a moment.',
    )
    await expect.poll(async () => (await call(request())).model, { timeout: 20_000 }).toBe('openai/m')
  })

  it('of one tenant stays closed when the provider fails another', async () => {
    const broken = fails(503)
    await using server = await startScriptedServer(broken, broken, completes('For globex.'))
    const call = callerOf(server, { ...fast, attemptsPerModel: 1, breakerFailures: 2 })
    const ask = (tenantId: string) => call(requestOf('openai/m', 'hello', { tenantId }))
    await expect(ask('acme')).rejects.toThrow('answered 503')
    await expect(ask('acme')).rejects.toThrow('answered 503')
    await expect(ask('acme')).rejects.toThrow('was not called')
    expect(await ask('globex')).toMatchObject({ text: 'For globex.' })
  })

  it('is kept for a bounded number of tenants, those that called last', async () => {
    const breakers = createBreakers(1, 60_000, 2)
    const fault = new ProviderFault('answered 503', { retryable: true, providerSide: true })
    for (const tenant of ['acme', 'globex']) {
      await expect(breakers.run(tenant, 'openai', () => Promise.reject(fault), false)).rejects.toBe(fault)
    }
    expect(breakers.findBreak('acme', 'openai')).toMatchObject({ cause: fault })
    expect(breakers.findBreak('initech', 'openai')).toBeUndefined()
    expect(breakers.findBreak('acme', 'openai')).toMatchObject({ cause: fault })
    expect(breakers.findBreak('globex', 'openai')).toBeUndefined()
  })

  it('lets one request probe, and sends the others to their fallbacks meanwhile', async () => {
    let finishProbe = () => {}
    let probing = () => {}
    const probe = new Promise<void>((resolve) => {
      probing = resolve
    })
    await using server = await startScriptedServer(fails(503), (response, request) => {
      finishProbe = () => completes('Probed.')(response, request)
      probing()
    })
    await using spare = await startScriptedServer(completes('From the spare.'))
    const call = callerOf(server, { ...fast, attemptsPerModel: 1, breakerFailures: 1, breakerOpenMs: 0 }, spare)
    await expect(call(requestOf('openai/m', 'hello'))).rejects.toThrow('answered 503')
    const probed = call(requestOf('openai/m', 'hello'))
    await probe
    const other = await call(requestOf('openai/m', 'hello', { fallbackModels: ['spare/m'] }))
    finishProbe()
    expect(other.text).toBe('From the spare.')
    expect(await probed).toMatchObject({ text: 'Probed.' })
  })

  it('lets a request that has nowhere else to go wait for the probe', async () => {
    const breakers = createBreakers(1, 0)
    const fault = new ProviderFault('answered 503', { retryable: true, providerSide: true })
    const answer = Promise.withResolvers<string>()
    await expect(breakers.run('acme', 'openai', () => Promise.reject(fault), true)).rejects.toBe(fault)
    const probe = breakers.run('acme', 'openai', () => answer.promise, true)
    const waiting = breakers.run('acme', 'openai', async () => 'Mine.', true)
    answer.resolve('Well again.')
    expect(await Promise.all([probe, waiting])).toEqual(['Well again.', 'Mine.'])
  })

  it('says what opened it, and when a request may probe', async () => {
    const breakers = createBreakers(1, 30_000)
    const fault = new ProviderFault('answered 503', { retryable: true, providerSide: true })
    await expect(breakers.run('acme', 'openai', () => Promise.reject(fault), true)).rejects.toBe(fault)
    const { cause, probesInMs } = breakers.findBreak('acme', 'openai') ?? {}
    expect(cause).toBe(fault)
    expect(probesInMs).toBeGreaterThan(20_000)
    expect(probesInMs).toBeLessThanOrEqual(30_000)
  })

  describe('on errors that are not the provider', () => {
    const fault = new ProviderFault('answered 503', { retryable: true, providerSide: true })
    const noBudget = new Error('no budget')

    it('stays open when the probe never got to the provider', async () => {
      const breakers = createBreakers(1, 0)
      const ask = (answer: () => Promise<string>) => breakers.run('acme', 'openai', answer, false)
      await expect(ask(() => Promise.reject(fault))).rejects.toBe(fault)
      await expect(ask(() => Promise.reject(noBudget))).rejects.toBe(noBudget)
      expect(breakers.findBreak('acme', 'openai')).toMatchObject({ cause: fault })
      expect(await ask(() => Promise.resolve('Well again.'))).toBe('Well again.')
      expect(breakers.findBreak('acme', 'openai')).toBeUndefined()
    })

    it('stays closed when it is closed', async () => {
      const breakers = createBreakers(1, 0)
      await expect(breakers.run('acme', 'openai', () => Promise.reject(noBudget), false)).rejects.toBe(noBudget)
      expect(breakers.findBreak('acme', 'openai')).toBeUndefined()
    })

    it('heeds the probe, and no earlier call that is called off meanwhile', async () => {
      const breakers = createBreakers(1, 0)
      const ask = (answer: () => Promise<string>) => breakers.run('acme', 'openai', answer, false)
      const [early, probe] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
      const called = ask(() => early.promise)
      await expect(ask(() => Promise.reject(fault))).rejects.toBe(fault)
      const probing = ask(() => probe.promise)
      early.reject(noBudget)
      await expect(called).rejects.toBe(noBudget)
      probe.resolve('Well again.')
      expect(await probing).toBe('Well again.')
      expect(breakers.findBreak('acme', 'openai')).toBeUndefined()
    })
  })

  it('ignores what is not the fault of the provider', async () => {
    await using server = await startScriptedServer(fails(400), fails(401), fails(429), fails(404), completes('Fine.'))
    const call = callerOf(server, { ...fast, attemptsPerModel: 1, breakerFailures: 1 })
    for (let request = 0; request < 4; request++) await call(requestOf('openai/m', 'hello')).catch(() => {})
    expect(await call(requestOf('openai/m', 'hello'))).toMatchObject({ text: 'Fine.' })
  })

  it("is not opened by a tenant's own short time limit", async () => {
    await using server = await startScriptedServer(() => {}, completes('Fine.'))
    const call = callerOf(server, { ...fast, attemptsPerModel: 1, breakerFailures: 1 })
    await expect(call(requestOf('openai/m', 'hello', { timeoutMs: 100 }))).rejects.toThrow('took longer')
    expect(await call(requestOf('openai/m', 'hello'))).toMatchObject({ text: 'Fine.' })
  })
})
