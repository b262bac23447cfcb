import {
  environmentSchema,
  operations,
  type Release,
  type ReleaseEntry,
  type ReleaseTrial,
  type VersionDiff,
} from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { parseInput } from '../failure.ts'
import { formatAge, formatTime, oneLine, printable } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export async function listReleases(
  context: Context,
  name: string,
  environmentName: string,
  limit: number,
): Promise<undefined> {
  const environment = parseInput(environmentSchema, environmentName)
  const client = await connectTenant(context)
  const params = { name, environment }
  const entries = await collectPages((query) => client.listReleaseHistory({ params, query }), limit)
  const { terminal } = context
  if (context.json) printJson(terminal, entries)
  else terminal.write(renderTable(entryColumns(Date.now()), entries, terminal.columns, terminal.paint))
}

function entryColumns(nowMs: number): Column<ReleaseEntry>[] {
  return [
    { title: 'NO', align: 'right', value: ({ number }) => String(number) },
    { title: 'AGE', align: 'right', value: ({ at }) => formatAge(at, nowMs) },
    { title: 'WHAT', value: ({ kind, forced }) => `${kind.replaceAll('_', ' ')}${forced ? ', forced' : ''}` },
    { title: 'SERVES', align: 'right', value: ({ version }) => `v${version}` },
    { title: 'CANARY', align: 'right', value: describeCanary },
    { title: 'BY', value: ({ by }) => oneLine(by) },
    { title: 'WHY', flexible: true, value: ({ comment, evidence }) => oneLine(evidence?.reason ?? comment ?? '') },
  ]
}

function describeCanary({ canaryVersion, canaryPercent }: ReleaseEntry): string {
  if (canaryVersion === null) return ''
  return `v${canaryVersion}${canaryPercent === null ? ' ended' : ` ${canaryPercent}%`}`
}

export async function showRelease(context: Context, name: string, environmentName: string): Promise<undefined> {
  const environment = parseInput(environmentSchema, environmentName)
  const client = await connectTenant(context)
  printRelease(context, await client.getRelease({ params: { name, environment } }))
}

export function printRelease({ json, terminal }: Context, release: Release): void {
  if (json) printJson(terminal, release)
  else terminal.write(renderFields(toFields(release), terminal.paint))
}

function toFields({ agent, environment, version, canary }: Release): [string, string][] {
  const serving: [string, string] = ['serves', `${agent} v${version} in ${environment}`]
  if (!canary) return [serving]
  const { trial } = canary
  return [
    serving,
    ['canary', `v${canary.version}, ${canary.percent}% of new threads since ${formatTime(canary.startedAt)}`],
    ['its runs', describeTrial(trial.canary)],
    ['the others', describeTrial(trial.stable)],
  ]
}

function describeTrial({ ended, failed, costNanos }: ReleaseTrial): string {
  if (ended === 0) return 'none ended yet'
  return `${ended} ended, ${failed} failed, $${(costNanos / ended / 1e9).toFixed(6)} each`
}

export async function diffVersions(
  context: Context,
  name: string,
  from: string | undefined,
  to: string | undefined,
): Promise<undefined> {
  const query = parseInput(operations.diffAgentVersions.query, { from, to })
  const client = await connectTenant(context)
  const diff = await client.diffAgentVersions({ params: { name }, query })
  if (context.json) printJson(context.terminal, diff)
  else context.terminal.write(renderDiff(context, diff))
}

function renderDiff({ terminal: { paint } }: Context, { agent, from, to, changes }: VersionDiff): string {
  if (changes.length === 0) return `${agent} v${from} and v${to} are the same.\n`
  const lines = changes.map(
    (change) => `${change.field}\n${paint.red(`- ${show(change.from)}`)}\n${paint.green(`+ ${show(change.to)}`)}\n`,
  )
  return `${agent} v${from} → v${to}\n\n${lines.join('\n')}`
}

function show(value: unknown): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}
