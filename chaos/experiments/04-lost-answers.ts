import { effectFigures } from '../audit.ts'
import { atLeast, defineExperiment } from '../experiment.ts'
import { openGround } from '../ground.ts'
import { startLyingProxy } from '../lying-proxy.ts'
import { openPayments } from '../payments.ts'

export const lostAnswers = defineExperiment({
  number: 4,
  title: 'done, but the caller was told it failed',
  fault:
    'The answers to 5 % of the commits of the workers are lost with the connection; 10 % of the tool calls work but end in a 500 or a cut connection.',
  loads: {
    full: { runs: 1_000, workers: 2, leaseMs: 5_000, commitLies: 0.05, toolLies: 0.1, atOnce: 64 },
    small: { runs: 20, workers: 1, leaseMs: 1_000, commitLies: 0.05, toolLies: 0.1, atOnce: 20 },
  },
  async run(load, { random, say }) {
    await using ground = await openGround({ workers: 0, leaseMs: load.leaseMs })
    const { cluster, ledger } = ground
    let toolLies = 0
    ledger.behaveBy(() => {
      if (!random.chance(load.toolLies)) return { kind: 'answer' }
      toolLies += 1
      return { kind: 'lie', as: random.chance(0.5) ? 500 : 'cut' }
    })
    await using proxy = await startLyingProxy({
      port: cluster.postgres.port,
      lieAbout: () => random.chance(load.commitLies),
    })
    const url = new URL(cluster.databaseUrl)
    url.port = String(proxy.port)
    for (let n = 0; n < load.workers; n += 1) await cluster.startWorker({ DATABASE_URL: url.href })

    const lies = () => [...proxy.lies.values()].reduce((sum, count) => sum + count, 0)
    const tell = (line: string) =>
      say(`${line}, ${lies()} of ${proxy.commits} commits and ${toolLies} calls lied about`)
    const payments = openPayments(ground, { runs: load.runs, faults: 1 }, { say: tell })
    await payments.feed(0)
    await payments.untilPaid()

    return {
      enough: [
        atLeast('commits lied about', lies(), load.runs * 0.3),
        atLeast('kinds of statement lied about', proxy.lies.size, 3),
        atLeast('tool calls lied about', toolLies, load.runs * 0.2),
      ],
      claims: await payments.claims(),
      figures: { commits: proxy.commits, ...effectFigures(ledger) },
    }
  },
})
