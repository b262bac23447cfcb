import { globSync } from 'node:fs'
import { asSuperuser } from '@freehold/testkit'
import { effectFigures } from '../audit.ts'
import { atLeast, defineExperiment, Unavailable } from '../experiment.ts'
import { inflict } from '../faults.ts'
import { openGround, untilBusyWorker } from '../ground.ts'
import { openPayments } from '../payments.ts'

const clocks = ['+5m', '-5m'] as const

export const wrongClocks = defineExperiment({
  number: 13,
  title: 'clocks are wrong',
  fault:
    'The clocks of the workers are five minutes fast or slow, and their runs move between them because they are killed.',
  loads: {
    full: { runs: 400, kills: 30, everyMs: [2_000, 5_000] as const, leaseMs: 5_000 },
    small: { runs: 20, kills: 2, everyMs: [500, 1_500] as const, leaseMs: 1_500 },
  },
  async run(load, setting) {
    const { random } = setting
    const library = findFaketime()
    await using ground = await openGround({
      workers: 1,
      leaseMs: load.leaseMs,
      workerEnv: { FREEHOLD_LOG_LEVEL: 'info' },
    })
    const { cluster, ledger } = ground
    ledger.behaveBy(() => ({ kind: 'delay', delayMs: random.between(50, 500) }))
    // The monotonic clock measures durations, and no clock that is set wrong changes it.
    const clockOf = (offset: string) => ({
      LD_PRELOAD: library,
      FAKETIME: offset,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_NO_CACHE: '1',
    })
    for (const offset of clocks) await cluster.startWorker(clockOf(offset))
    const clockByPid = new Map<number, number>()
    const readClocks = () => {
      for (const worker of cluster.workers)
        clockByPid.set(worker.pid, clockByPid.get(worker.pid) ?? minutesOff(worker.logEntries()))
    }
    const payments = openPayments(ground, { runs: load.runs, faults: load.kills }, setting)

    await inflict(
      {
        count: load.kills,
        everyMs: load.everyMs,
        feed: payments.feed,
        async strike(n) {
          const victim = await untilBusyWorker(cluster)
          readClocks()
          await cluster.replaceWorker(victim, 'SIGKILL', clockOf(clocks[n % 2] ?? ''))
        },
        status: payments.status,
      },
      setting,
    )
    await payments.untilPaid()
    readClocks()

    return {
      enough: [
        atLeast('workers that were fast', count(clockByPid, 5), 1),
        atLeast('workers that were slow', count(clockByPid, -5), 1),
        atLeast('moves of a run between clocks', await countMoves(cluster.databaseUrl, clockByPid), load.kills),
      ],
      claims: await payments.claims(),
      figures: effectFigures(ledger),
    }
  },
})

function findFaketime(): string {
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
  if (!library)
    throw new Unavailable('libfaketime is not here: install it, on Debian with `apt-get install libfaketime`.')
  return library
}

/** By how many minutes the newest line that a process logged is ahead of us. */
function minutesOff(entries: readonly Record<string, unknown>[]): number {
  return Math.round((Number(entries.at(-1)?.time) - Date.now()) / 60_000)
}

function count(clockByPid: ReadonlyMap<number, number>, minutes: number): number {
  return [...clockByPid.values()].filter((offset) => offset === minutes).length
}

/** How often a run was resumed by a worker with another clock than that of the one before. */
async function countMoves(databaseUrl: string, clockByPid: ReadonlyMap<number, number>): Promise<number> {
  const rows = await asSuperuser<{ run_id: string; worker: string }>(
    databaseUrl,
    `select run_id, data ->> 'worker' as worker from run_events where type in ('run.started', 'run.resumed')
      order by run_id, seq`,
  )
  const stays = rows.map(({ run_id, worker }) => ({ run_id, clock: clockByPid.get(Number(worker.split(':').at(-2))) }))
  return stays.filter(({ run_id, clock }, index) => {
    const before = stays[index - 1]
    return before?.run_id === run_id && before.clock !== undefined && clock !== undefined && before.clock !== clock
  }).length
}
