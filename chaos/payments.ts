import { auditRuns, effectClaims, runClaims } from './audit.ts'
import type { Claim, Setting } from './experiment.ts'
import { share } from './faults.ts'
import { type Ground, payment, paymentPaths } from './ground.ts'
import { forEach, occasionally, startRun, untilAllEnded } from './load.ts'

const paymentsPerRun = 5

/** Runs of the agent `payer`, which pay five times each, one after the other, at paths of their own. */
export interface Payments {
  /** Starts what is due before the nth of the faults (from 0), so that the load lasts exactly as long as they do. */
  feed(n: number): Promise<void>
  status(): string
  /** Waits until every run has ended. */
  untilPaid(): Promise<void>
  /** That every run succeeded, and each of its payments happened once; `others` is how many more runs there are. */
  claims(others?: number): Promise<Claim[]>
}

export function openPayments(
  { cluster, ledger }: Ground,
  { runs, faults, width = 8 }: { runs: number; faults: number; width?: number },
  { say }: Pick<Setting, 'say'>,
): Payments {
  const door = { url: cluster.gateway.url, apiKey: cluster.apiKey }
  const labels: string[] = []
  const status = () => `${labels.length} runs started, ${ledger.effects().length} effects`
  return {
    feed: (n) =>
      forEach(share(runs, faults, n), width, async () => {
        const label = `run-${labels.length}`
        labels.push(label)
        const message = payment(label, paymentsPerRun)
        await startRun(door, { agent: 'payer', message, idempotencyKey: label })
      }),
    status,
    untilPaid: () =>
      untilAllEnded(
        cluster.client,
        600_000,
        occasionally(() => say(status())),
      ),
    async claims(others = 0) {
      const paths = labels.flatMap((label) => paymentPaths(label, paymentsPerRun))
      return [...runClaims(await auditRuns(cluster.databaseUrl), runs + others), ...effectClaims(ledger, paths)]
    },
  }
}
