import { globSync } from 'node:fs'
import { effectFigures } from '../audit.ts'
import { atLeast, defineExperiment, Unavailable } from '../experiment.ts'
import { inflict } from '../faults.ts'
import { openGround, untilWorkers } from '../ground.ts'
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
    const off = cluster.workers.filter(
      (worker) => Math.abs(clockOfLog(worker.logEntries()) - Date.now()) > 200_000,
    ).length
    const killed = new Set<number>()
    const payments = openPayments(ground, { runs: load.runs, faults: load.kills }, setting)

    await inflict(
      {
        count: load.kills,
        everyMs: load.everyMs,
        feed: payments.feed,
        async strike() {
          const victim = random.pick(await untilWorkers(cluster, 2))
          killed.add(victim.pid)
          await cluster.replaceWorker(victim, 'SIGKILL', clockOf(random.pick(clocks)))
        },
        status: payments.status,
      },
      setting,
    )
    await payments.untilPaid()

    return {
      enough: [
        atLeast('workers whose clock is off', off, clocks.length),
        atLeast('kills', killed.size, load.kills),
        atLeast('effects', ledger.effects().length, load.runs),
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

/** The newest time that a process logged, in milliseconds. */
function clockOfLog(entries: readonly Record<string, unknown>[]): number {
  return Number(entries.at(-1)?.time)
}
