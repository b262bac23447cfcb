import { setTimeout as delay } from 'node:timers/promises'
import { asSuperuser } from '@freehold/testkit'
import { auditRuns, runClaims } from '../audit.ts'
import { atLeast, atMost, defineExperiment, exactly } from '../experiment.ts'
import { p95 } from '../figures.ts'
import { createAgent, openGround } from '../ground.ts'
import { occasionally, readLatencies, startRun, untilAllEnded } from '../load.ts'

const stalled = new Promise<never>(() => {})

export const failingProvider = defineExperiment({
  number: 11,
  title: 'the provider fails one tenant',
  fault: 'The provider answers 10 % of the calls of one tenant with 429 and never answers 3 % of them.',
  loads: {
    full: {
      failed: 600,
      others: 100,
      perSecond: 10,
      workers: 2,
      throttled: 0.1,
      stalled: 0.03,
      answerMs: [200, 600] as const,
    },
    small: {
      failed: 60,
      others: 30,
      perSecond: 10,
      workers: 1,
      throttled: 0.1,
      stalled: 0.05,
      answerMs: [200, 600] as const,
    },
  },
  async run(load, { random, say }) {
    const faults = { refusals: 0, stalls: 0 }
    // The provider knows its customers by the model that they ask for.
    const answerFailing = () => {
      const chance = random.next()
      if (chance < load.throttled) {
        faults.refusals += 1
        return { refusal: { status: 429, retryAfterSeconds: 1 } }
      }
      if (chance < load.throttled + load.stalled) {
        faults.stalls += 1
        return { before: stalled }
      }
      return answerWell()
    }
    const answerWell = () => ({ before: delay(random.between(load.answerMs[0], load.answerMs[1])), text: 'Answered.' })
    await using ground = await openGround({
      workers: load.workers,
      leaseMs: 15_000,
      answer: (_, { model }) => (model === 'failing' ? answerFailing() : answerWell()),
    })
    const { cluster, model } = ground
    const url = cluster.gateway.url
    const other = await cluster.createTenant('other')
    // As long as a stalled provider is to blame for its silence, and no longer.
    const limits = { modelTimeoutMs: 20_000 }
    await createAgent(cluster.client, 'asking', { model: 'openai/failing', limits })
    await createAgent(other.client, 'asking', { model: 'openai/steady', limits })

    const start = async (apiKey: string, count: number, name: string): Promise<Set<string>> => {
      const ids = new Set<string>()
      for (let n = 0; n < count; n += 1) {
        const request = { agent: 'asking', message: 'Well?', idempotencyKey: `${name}-${n}` }
        ids.add(await startRun({ url, apiKey }, request))
        await delay(1_000 / load.perSecond)
      }
      return ids
    }
    const measureOthers = async (name: string): Promise<number[]> => {
      const ids = await start(other.apiKey, load.others, name)
      await untilAllEnded(other.client, 600_000)
      return readLatencies(other.client, ids)
    }
    const alone = await measureOthers('alone')
    say(`the other tenant alone: p95 ${p95(alone)} ms`)
    const failing = start(cluster.apiKey, load.failed, 'failing')
    const beside = await measureOthers('beside')
    await failing
    const tell = occasionally(() => say(`${faults.refusals} refusals, ${faults.stalls} stalls`))
    await untilAllEnded(cluster.client, 600_000, tell)

    const usage = await readUsage(cluster.databaseUrl)
    const answered = model.arrivals.filter((arrival) => arrival.answered).length
    return {
      enough: [
        atLeast('refusals', faults.refusals, load.failed * load.throttled * 0.5),
        atLeast('stalls', faults.stalls, 1),
        atLeast('runs of the other tenant measured', Math.min(alone.length, beside.length), load.others),
      ],
      claims: [
        ...runClaims(await auditRuns(cluster.databaseUrl), load.failed + 2 * load.others),
        atMost('attempts per call of the failed tenant', usage.failing.attempts, 1.3),
        atMost("the other tenant's p95, as a multiple of alone", p95(beside) / p95(alone), 2),
        exactly('usage records of answers, against those that the provider gave', usage.records, answered),
        atMost('usage records of broken calls, against stalls', usage.broken, faults.stalls),
        exactly('tokens, against the 110 of each answer', usage.tokens, 110 * answered),
      ],
      figures: { "the other tenant's p95 alone (ms)": p95(alone), "the other tenant's p95 beside (ms)": p95(beside) },
    }
  },
})

async function readUsage(databaseUrl: string) {
  const [row] = await asSuperuser<{ records: string; broken: string; tokens: string; attempts: string }>(
    databaseUrl,
    `select (select count(*) from usage_records where outcome = 'answered') as records,
            (select count(*) from usage_records where outcome = 'broken') as broken,
            (select sum(input_tokens + output_tokens) from usage_records where outcome = 'answered') as tokens,
            (select avg((data ->> 'attempts')::int) from run_events
              where type = 'model.finished' and data ->> 'model' = 'openai/failing') as attempts`,
  )
  return {
    records: Number(row?.records),
    broken: Number(row?.broken),
    tokens: Number(row?.tokens),
    failing: { attempts: Number(row?.attempts) },
  }
}
