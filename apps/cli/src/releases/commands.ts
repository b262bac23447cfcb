import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import { readCount } from '../runs/commands.ts'
import type { PromoteOptions } from './promote.ts'

const load = () => import('./releases.ts')
const loadPromote = () => import('./promote.ts')
const loadRequests = () => import('./requests.ts')

export function addReleaseCommands(program: Command, perform: Perform): void {
  const releases = program.command('releases').description('which version of an agent serves where, and since when')
  addReading(releases, perform)
  addPromote(releases, perform)
  releases
    .command('rollback')
    .description('end the canary or, without one, go back to the release before')
    .argument('<agent>')
    .argument('<environment>')
    .option('--comment <text>', 'kept in the history')
    .action(async (agent: string, environment: string, options: { comment?: string }, command: Command) => {
      await perform(command, async (context) => (await loadPromote()).rollBack(context, agent, environment, options))
    })
  addRequests(releases, perform)
}

function addReading(releases: Command, perform: Perform): void {
  releases
    .command('list')
    .description('list every release of an environment, newest first')
    .argument('<agent>')
    .argument('[environment]', 'development, staging or production', 'production')
    .option('--limit <count>', 'how many at the most', readCount, 20)
    .action(async (agent: string, environment: string, { limit }: { limit: number }, command: Command) => {
      await perform(command, async (context) => (await load()).listReleases(context, agent, environment, limit))
    })
  releases
    .command('show')
    .description('show what serves in an environment, and how its canary does')
    .argument('<agent>')
    .argument('[environment]', 'development, staging or production', 'production')
    .action(async (agent: string, environment: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).showRelease(context, agent, environment))
    })
  releases
    .command('diff')
    .description('compare two versions: what serves in production with the latest, when none are given')
    .argument('<agent>')
    .argument('[from]')
    .argument('[to]')
    .action(async (agent: string, from: string | undefined, to: string | undefined, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).diffVersions(context, agent, from, to))
    })
}

function addPromote(releases: Command, perform: Perform): void {
  releases
    .command('promote')
    .description('release what serves in the environment before; where approval is needed, ask for it')
    .argument('<agent>')
    .argument('<environment>', 'where to: staging or production')
    .argument('[version]', 'one that served in the environment before; what serves there now when left out')
    .option('--canary <percent>', 'let it serve this share of the new threads beside the stable version')
    .option('--min-runs <count>', 'ended runs of the canary before it is judged; 20 when left out')
    .option('--max-error-points <points>', 'roll back when so many percentage points more fail; 10, or "off"')
    .option('--max-cost-percent <percent>', 'roll back when a run costs so much more; 50, or "off"')
    .option('--comment <text>', 'kept in the history')
    .action(
      async (
        agent: string,
        environment: string,
        version: string | undefined,
        options: PromoteOptions,
        command: Command,
      ) => {
        const target = { name: agent, environment, version }
        await perform(command, async (context) => (await loadPromote()).promote(context, target, options))
      },
    )
}

function addRequests(releases: Command, perform: Perform): void {
  releases
    .command('requests')
    .description('list promotions that asked for approval, newest first')
    .option('--status <status>', 'pending, approved, rejected or superseded', 'pending')
    .option('--all', 'whatever their status')
    .action(async (options: { status: string; all?: boolean }, command: Command) => {
      await perform(command, async (context) => (await loadRequests()).listRequests(context, options))
    })
  for (const decision of ['approve', 'reject'] as const) {
    releases
      .command(decision)
      .description(decision === 'approve' ? 'approve a promotion; the last one releases it' : 'reject a promotion')
      .argument('<id>', 'of the request')
      .option('--comment <text>', 'kept with the decision')
      .action(async (id: string, options: { comment?: string }, command: Command) => {
        await perform(command, async (context) => (await loadRequests()).decideRequest(context, id, decision, options))
      })
  }
}
