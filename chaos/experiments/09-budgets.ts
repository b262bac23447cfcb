import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { asSuperuser, type ModelArrival, type ModelQuestionOnWire, waitFor } from '@freehold/testkit'
import { auditRuns, journalClaims } from '../audit.ts'
import { atLeast, atMost, defineExperiment, exactly } from '../experiment.ts'
import { createAgent, openGround, untilBusyWorker } from '../ground.ts'
import { type Door, forEach, occasionally, send, startRun, untilAllEnded } from '../load.ts'

const model = 'openai/gpt-5-mini'
/** Nano-USD per token on the provider's price list. */
const price = { input: 250, output: 2_000 }
const maxOutputTokens = 50
const users = ['ann', 'bob', 'cid', 'dee', 'eve']

export const budgets = defineExperiment({
  number: 9,
  title: 'budgets under concurrency',
  fault:
    'Many model calls at once meet budgets of several scopes that fit a tenth of them, and workers are killed in the middle of calls.',
  loads: {
    full: {
      runs: 1_000,
      fits: 100,
      workers: 4,
      concurrency: 250,
      kills: 6,
      leaseMs: 5_000,
      answerMs: [1_000, 5_000] as const,
    },
    small: {
      runs: 60,
      fits: 20,
      workers: 2,
      concurrency: 10,
      kills: 1,
      leaseMs: 1_500,
      answerMs: [500, 2_000] as const,
    },
  },
  async run(load, { random, say }) {
    await using ground = await openGround({
      workers: load.workers,
      leaseMs: load.leaseMs,
      concurrency: load.concurrency,
      answer: (_, question) => ({
        before: delay(random.between(load.answerMs[0], load.answerMs[1])),
        text: 'Answered.',
        usage: billOf(labelOf(question)),
      }),
    })
    const { cluster, model: provider } = ground
    const door = { url: cluster.gateway.url, apiKey: cluster.apiKey }
    const limits = limitsFor(load.fits)
    await setUp(door, { url: door.url, apiKey: cluster.operatorKey }, load.runs, limits)
    await createAgent(cluster.client, 'asking', { model, limits: { maxOutputTokens } })

    let kills = 0
    const striking = (async () => {
      while (kills < load.kills) {
        // Each time in the middle of a few more calls.
        await waitFor(() => provider.arrivals.length >= (kills + 1) * Math.floor(load.fits / (2 * load.kills + 4)), {
          timeoutMs: 120_000,
          what: 'model calls',
        })
        await cluster.replaceWorker(await untilBusyWorker(cluster), 'SIGKILL')
        kills += 1
        say(`worker killed, ${kills} of ${load.kills}; ${provider.arrivals.length} calls`)
      }
    })()
    await forEach(load.runs, 32, async (n) => {
      const label = `run-${n}`
      await startRun(door, { agent: 'asking', message: question(label), idempotencyKey: label, user: userOf(label) })
    })
    await striking
    await untilAllEnded(
      cluster.client,
      600_000,
      occasionally(() => say(`${provider.arrivals.length} calls`)),
    )
    const reserved = await untilNothingReserved(cluster.databaseUrl)

    const records = await readRecords(cluster.databaseUrl)
    const runs = await readEnds(cluster.databaseUrl)
    const lost = records.filter(({ outcome }) => outcome === 'lost')
    return {
      enough: [
        atLeast('calls that the provider got', provider.arrivals.length, load.fits / 2),
        atLeast('runs that a budget refused', runs.refused, load.runs / 3),
        atLeast('runs that succeeded', runs.succeeded, 1),
        atLeast('kills', kills, load.kills),
        atLeast('calls that a kill cut off', lost.length, 1),
      ],
      claims: [
        ...overspends(provider.arrivals, limits),
        exactly('settled records that differ from what the provider counted', records.filter(differs).length, 0),
        exactly('lost calls booked with less than the provider counted', lost.filter(isTooLow).length, 0),
        exactly('calls that are not in the ledger', unbooked(provider.arrivals, records), 0),
        exactly('still reserved at the end', reserved, 0),
        exactly('runs that neither succeeded nor met a budget', load.runs - runs.succeeded - runs.refused, 0),
        ...journalClaims(await auditRuns(cluster.databaseUrl)),
      ],
      figures: { 'records in the ledger': records.length },
    }
  },
})

interface Bill {
  inputTokens: number
  outputTokens: number
}

/** What the provider counts for a call: close to the worst case, and of each run another number, so that a mix-up shows. */
function billOf(label: string): Bill {
  const byte = createHash('sha256').update(label).digest()[0] ?? 0
  return { inputTokens: 300 - (byte % 40), outputTokens: maxOutputTokens - (byte % 20) }
}

const tokensOf = ({ inputTokens, outputTokens }: Bill): number => inputTokens + outputTokens
const nanosOf = ({ inputTokens, outputTokens }: Bill): number => inputTokens * price.input + outputTokens * price.output
const userOf = (label: string): string => users[Number(label.slice(4)) % users.length] ?? ''

/** As long as the most that the provider counts for it: no tokenizer makes more of a text than one token per byte. */
const question = (label: string): string => `${label} `.padEnd(300, 'please ')
const labelOf = ({ messages }: ModelQuestionOnWire): string =>
  (messages.find(({ role }) => role === 'user')?.content ?? '').split(' ')[0] ?? ''

interface Limits {
  tenantNanos: number
  agentTokens: number
  userRequests: number
}

/** Room for about so many calls in each of the scopes that a call falls into. */
function limitsFor(calls: number): Limits {
  return {
    tenantNanos: calls * nanosOf({ inputTokens: 280, outputTokens: 40 }),
    agentTokens: calls * tokensOf({ inputTokens: 280, outputTokens: 40 }),
    userRequests: Math.ceil((calls * 1.2) / users.length),
  }
}

async function setUp(door: Door, operator: Door, runs: number, limits: Limits): Promise<void> {
  await send(operator, 'PUT', '/plans/standard', { weight: 1, maxRunningRuns: runs, maxQueuedRuns: 10 * runs })
  const total = { period: 'total' }
  await send(door, 'POST', '/budgets', { ...total, name: 'all', limitNanos: limits.tenantNanos })
  const agent = { scope: { kind: 'agent', id: 'asking' }, tokenLimit: limits.agentTokens }
  await send(door, 'POST', '/budgets', { ...total, name: 'agent', ...agent })
  const user = { scope: { kind: 'user' }, requestLimit: limits.userRequests }
  await send(door, 'POST', '/budgets', { ...total, name: 'each user', ...user })
}

/** By the provider's own count, in which a call that was cut off is billed in full. */
function overspends(arrivals: readonly ModelArrival[], limits: Limits) {
  const labels = arrivals.map((arrival) => labelOf(arrival.question))
  const bills = labels.map(billOf)
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const most = Math.max(...users.map((user) => labels.filter((label) => userOf(label) === user).length))
  return [
    atMost("the tenant's nano-USD", sum(bills.map(nanosOf)), limits.tenantNanos),
    atMost("the agent's tokens", sum(bills.map(tokensOf)), limits.agentTokens),
    atMost("a user's requests", most, limits.userRequests),
  ]
}

interface LedgerRecord extends Bill {
  label: string
  outcome: string
  costNanos: number
}

const differs = ({ label, outcome, ...record }: LedgerRecord): boolean => {
  const bill = billOf(label)
  const same = record.inputTokens === bill.inputTokens && record.outputTokens === bill.outputTokens
  return outcome === 'answered' && !(same && record.costNanos === nanosOf(bill))
}

const isTooLow = ({ label, ...record }: LedgerRecord): boolean =>
  tokensOf(record) < tokensOf(billOf(label)) || record.costNanos < nanosOf(billOf(label))

/** Calls that the provider got for a run beyond those that the ledger has for it. */
function unbooked(arrivals: readonly ModelArrival[], records: readonly LedgerRecord[]): number {
  const open = new Map<string, number>()
  for (const { label } of records) open.set(label, (open.get(label) ?? 0) + 1)
  return arrivals.filter((arrival) => {
    const label = labelOf(arrival.question)
    const left = open.get(label) ?? 0
    open.set(label, left - 1)
    return left <= 0
  }).length
}

async function readRecords(databaseUrl: string): Promise<LedgerRecord[]> {
  const rows = await asSuperuser<{ label: string; outcome: string; input: number; output: number; cost: string }>(
    databaseUrl,
    `select split_part(r.message, ' ', 1) as label, u.outcome, u.input_tokens as input, u.output_tokens as output,
            u.cost_nanos as cost
       from usage_records u join agent_runs r on r.tenant_id = u.tenant_id and r.id = u.run_id`,
  )
  return rows.map(({ label, outcome, input, output, cost }) => ({
    label,
    outcome,
    inputTokens: input,
    outputTokens: output,
    costNanos: Number(cost),
  }))
}

async function readEnds(databaseUrl: string): Promise<{ succeeded: number; refused: number }> {
  const [row] = await asSuperuser<{ succeeded: string; refused: string }>(
    databaseUrl,
    `select count(*) filter (where status = 'succeeded') as succeeded,
            count(*) filter (where status = 'failed' and error ->> 'code' = 'budget_exceeded') as refused
       from agent_runs`,
  )
  return { succeeded: Number(row?.succeeded), refused: Number(row?.refused) }
}

/** What is still set aside once the leases of the killed workers are over; 0 as soon as it is nothing. */
async function untilNothingReserved(databaseUrl: string): Promise<number> {
  const read = async () => {
    const [row] = await asSuperuser<{ amount: string }>(
      databaseUrl,
      `select (select count(*) from budget_reservations where not lost)
            + (select coalesce(sum(reserved_nanos + reserved_tokens + reserved_requests), 0) from budget_windows) as amount`,
    )
    return Number(row?.amount)
  }
  await waitFor(async () => (await read()) === 0, { timeoutMs: 60_000, pollMs: 200 }).catch(() => {})
  return read()
}
