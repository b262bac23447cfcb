import {
  type Agent,
  type AgentVersion,
  agentConfigSchema,
  createAgentSchema,
  environmentSchema,
  setReleaseSchema,
} from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { parseInput } from '../failure.ts'
import { formatAge, formatTime, oneLine, printable } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson, type Terminal } from '../terminal/terminal.ts'
import { type AgentOptions, readAgent } from './read-agent.ts'

const agentColumns: Column<Agent>[] = [
  { title: 'AGENT', value: ({ name }) => name },
  { title: 'MODEL', value: ({ model }) => oneLine(model) },
  { title: 'LATEST', align: 'right', value: ({ version }) => String(version) },
  { title: 'PRODUCTION', align: 'right', value: ({ releases }) => String(releases.production ?? '–') },
  { title: 'DESCRIPTION', flexible: true, value: ({ description }) => oneLine(description) },
]

export async function listAgents(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const agents = await collectPages((query) => client.listAgents({ query }))
  const { terminal } = context
  if (context.json) printJson(terminal, agents)
  else if (agents.length === 0) terminal.write(`No agents. Create one: ${context.commandLine} agents create <name>\n`)
  else terminal.write(renderTable(agentColumns, agents, terminal.columns, terminal.paint))
}

export async function showAgent(context: Context, name: string): Promise<undefined> {
  const client = await connectTenant(context)
  printAgent(context, await client.getAgent({ params: { name } }))
}

export async function createAgent(context: Context, name: string, options: AgentOptions): Promise<undefined> {
  const config = await readAgent(name, options, context.settings.workingDir)
  const body = parseInput(createAgentSchema, { ...config, name })
  const client = await connectTenant(context)
  printAgent(context, await client.createAgent({ body }))
}

export async function createVersion(context: Context, name: string, options: AgentOptions): Promise<undefined> {
  const client = await connectTenant(context)
  const latest = await client.getAgent({ params: { name } })
  const body = parseInput(agentConfigSchema, await readAgent(name, options, context.settings.workingDir, { ...latest }))
  const version = await client.createAgentVersion({ params: { name }, body })
  printAgent(context, version)
  if (context.json) return
  const command = `${context.commandLine} agents release ${name} development ${version.version}`
  context.terminal.write(`\nIt serves nowhere yet. Release it: ${command}\n`)
}

export async function listVersions(context: Context, name: string): Promise<undefined> {
  const client = await connectTenant(context)
  const versions = await collectPages((query) => client.listAgentVersions({ params: { name }, query }))
  const { terminal } = context
  if (context.json) printJson(terminal, versions)
  else terminal.write(renderTable(versionColumns(Date.now()), versions, terminal.columns, terminal.paint))
}

function versionColumns(nowMs: number): Column<AgentVersion>[] {
  return [
    { title: 'VERSION', align: 'right', value: ({ version }) => String(version) },
    { title: 'AGE', align: 'right', value: ({ createdAt }) => formatAge(createdAt, nowMs) },
    { title: 'MODEL', value: ({ model }) => oneLine(model) },
    { title: 'SYSTEM PROMPT', flexible: true, value: ({ prompts }) => oneLine(prompts.system) },
  ]
}

export async function releaseVersion(
  context: Context,
  name: string,
  environmentName: string,
  versionText: string,
): Promise<undefined> {
  const environment = parseInput(environmentSchema, environmentName)
  const body = parseInput(setReleaseSchema, { version: Number(versionText) })
  const client = await connectTenant(context)
  const release = await client.setRelease({ params: { name, environment }, body })
  if (context.json) printJson(context.terminal, release)
  else context.terminal.write(`${release.agent} v${release.version} serves in ${release.environment} now.\n`)
}

function printAgent(context: Context, agent: Agent | AgentVersion): void {
  if (context.json) printJson(context.terminal, agent)
  else context.terminal.write(renderAgent(agent, context.terminal))
}

export function renderAgent(agent: Agent | AgentVersion, { paint }: Pick<Terminal, 'paint'>): string {
  const releases = 'releases' in agent ? Object.entries(agent.releases) : []
  const serving = releases.map(([environment, version]) => `${environment} ${version === null ? '–' : `v${version}`}`)
  const fields = renderFields(
    [
      ['agent', `${agent.name} v${agent.version}`],
      ['description', oneLine(agent.description)],
      ['program', oneLine(agent.program)],
      ['model', [agent.model, ...agent.fallbackModels].map(oneLine).join(', then ')],
      ['tools', agent.tools.map(oneLine).join(', ') || 'none'],
      ['serves in', serving.join(', ')],
      ['created', formatTime(agent.createdAt)],
    ],
    paint,
  )
  const { system } = agent.prompts
  return system === '' ? fields : `${fields}\n${paint.dim('system prompt')}\n${printable(system)}\n`
}
