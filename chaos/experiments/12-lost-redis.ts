import { setTimeout as delay } from 'node:timers/promises'
import { hasRedis, startRedis, view } from '@freehold/testkit'
import { atLeast, atMost, defineExperiment, exactly, Unavailable } from '../experiment.ts'
import { inflict } from '../faults.ts'
import { p95 } from '../figures.ts'
import { createAgent, openGround } from '../ground.ts'
import { startRun } from '../load.ts'
import { openPayments } from '../payments.ts'

export const lostRedis = defineExperiment({
  number: 12,
  title: 'Redis is killed and flushed',
  fault:
    'Redis, which carries the hints between processes, is flushed, or killed and started again empty, every 3–6 s.',
  loads: {
    full: {
      runs: 600,
      faults: 20,
      everyMs: [3_000, 6_000] as const,
      downMs: 2_000,
      viewers: 40,
      events: 900,
      stepMs: 100,
    },
    small: { runs: 20, faults: 2, everyMs: [1_000, 2_000] as const, downMs: 500, viewers: 4, events: 60, stepMs: 100 },
  },
  async run(load, setting) {
    if (!hasRedis())
      throw new Unavailable('There is no redis-server here: install it, on Debian with `apt-get install redis-server`.')
    const { random } = setting
    await using redis = await startRedis()
    await using ground = await openGround({ workers: 2, leaseMs: 5_000, env: { REDIS_URL: redis.url } })
    const { cluster, ledger } = ground
    ledger.behaveBy(() => ({ kind: 'delay', delayMs: random.between(20, 200) }))
    const door = { url: cluster.gateway.url, apiKey: cluster.apiKey }
    await createAgent(cluster.client, 'working', { program: 'working' })
    const watched = await startRun(door, {
      agent: 'working',
      message: `${load.events} ${load.stepMs}`,
      idempotencyKey: 'watched',
    })
    const gapsMs: number[] = []
    const watching = Array.from({ length: load.viewers }, () => {
      let lastAt = performance.now()
      const onFrame = () => {
        gapsMs.push(performance.now() - lastAt)
        lastAt = performance.now()
      }
      return view({ ...door, runId: watched, onFrame })
    })
    const payments = openPayments(ground, { runs: load.runs, faults: load.faults, width: 4 }, setting)
    const faults = { kills: 0, flushes: 0 }

    await inflict(
      {
        count: load.faults,
        everyMs: load.everyMs,
        feed: payments.feed,
        async strike(n) {
          if (n % 2 === 1) {
            await redis.command('FLUSHALL')
            faults.flushes += 1
            return
          }
          await redis.kill()
          await delay(load.downMs) // how long the fault lasts
          await redis.start()
          faults.kills += 1
        },
        status: payments.status,
      },
      setting,
    )
    await payments.untilPaid()
    const viewers = await Promise.all(watching)
    const torn = viewers.filter(({ events }) => events.some(({ seq }, index) => seq !== index + 1))

    return {
      enough: [
        atLeast('kills of Redis', faults.kills, Math.ceil(load.faults / 2)),
        atLeast('flushes', faults.flushes, Math.floor(load.faults / 2)),
        atLeast('events of each viewer', Math.min(...viewers.map(({ events }) => events.length)), load.events),
      ],
      claims: [
        ...(await payments.claims(1)),
        exactly('viewers with a gap or a repeated event', torn.length, 0),
        // Redis only carries hints: without them a stream goes on at the pace of the poll.
        atMost('longest silence of a stream (ms)', Math.max(...gapsMs), load.downMs + 5_000),
      ],
      figures: { 'time between two events, p95 (ms)': p95(gapsMs) },
    }
  },
})
