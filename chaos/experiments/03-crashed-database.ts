import { waitFor } from '@freehold/testkit'
import { effectFigures } from '../audit.ts'
import { atLeast, atMost, defineExperiment } from '../experiment.ts'
import { inflict } from '../faults.ts'
import { openGround } from '../ground.ts'
import { openPayments } from '../payments.ts'

export const crashedDatabase = defineExperiment({
  number: 3,
  title: 'PostgreSQL crashes',
  fault: 'PostgreSQL is stopped at once, as by a crash, and started again every 5–10 s.',
  loads: {
    full: {
      runs: 2_000,
      crashes: 20,
      everyMs: [5_000, 10_000] as const,
      // So long that runs are under way at every crash.
      callMs: { least: 500, most: 3_500 },
      workers: 2,
      leaseMs: 15_000,
      recoveryMs: 5_000,
    },
    small: {
      runs: 30,
      crashes: 2,
      everyMs: [500, 1_500] as const,
      callMs: { least: 50, most: 1_000 },
      workers: 1,
      leaseMs: 2_000,
      recoveryMs: 5_000,
    },
  },
  async run(load, setting) {
    const { random } = setting
    await using ground = await openGround({ workers: load.workers, leaseMs: load.leaseMs })
    const { cluster, ledger } = ground
    ledger.behaveBy(() => ({ kind: 'delay', delayMs: random.between(load.callMs.least, load.callMs.most) }))
    const payments = openPayments(ground, { runs: load.runs, faults: load.crashes }, setting)
    const recoveriesMs: number[] = []

    await inflict(
      {
        count: load.crashes,
        everyMs: load.everyMs,
        feed: payments.feed,
        async strike() {
          await cluster.postgres.crash()
          await cluster.postgres.start()
          const upAt = performance.now()
          // A call reaches the ledger only after its start was committed, so an arrival is progress.
          const before = ledger.arrivals().length
          await waitFor(() => ledger.arrivals().length > before, { timeoutMs: 60_000, pollMs: 5, what: 'progress' })
          recoveriesMs.push(performance.now() - upAt)
        },
        status: () => `${payments.status()}, recovered in ${Math.round(recoveriesMs.at(-1) ?? 0)} ms`,
      },
      setting,
    )
    await payments.untilPaid()

    return {
      enough: [atLeast('crashes after which calls were seen again', recoveriesMs.length, load.crashes)],
      claims: [
        ...(await payments.claims()),
        atMost('longest recovery (ms)', Math.max(...recoveriesMs), load.recoveryMs),
      ],
      figures: effectFigures(ledger),
    }
  },
})
