import { type Ownership, ownedKindSchema, putTeamMemberSchema, type Team, type TeamMember } from '@freehold/contracts'
import { splitList } from '../agents/read-agent.ts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { parseInput } from '../failure.ts'
import { findMember } from '../people/people.ts'
import { oneLine } from '../terminal/format.ts'
import { type Column, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'
import { findTeam } from './find-team.ts'

interface TeamWithThings extends Team {
  owns: Ownership[]
}

const teamColumns: Column<TeamWithThings>[] = [
  { title: 'TEAM', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => oneLine(name) },
  {
    title: 'OWNS',
    flexible: true,
    value: ({ owns }) => oneLine(owns.map(({ kind, resource }) => `${kind} ${resource}`).join(', ')),
  },
]

export async function listTeams(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const owned = await collectPages((query) => client.listOwners({ query }))
  const teams = (await collectPages((query) => client.listTeams({ query }))).map((team) => ({
    ...team,
    owns: owned.filter(({ teamId }) => teamId === team.id),
  }))
  const { terminal } = context
  if (context.json) printJson(terminal, teams)
  else terminal.write(renderTable(teamColumns, teams, terminal.columns, terminal.paint))
}

export async function createTeam(context: Context, name: string): Promise<undefined> {
  const client = await connectTenant(context)
  say(
    context,
    await client.createTeam({ body: { name } }),
    (team) => `Created the team ${oneLine(team.name)}: ${team.id}`,
  )
}

export async function renameTeam(context: Context, named: string, name: string): Promise<undefined> {
  const client = await connectTenant(context)
  const { id } = await findTeam(client, named)
  say(
    context,
    await client.updateTeam({ params: { id }, body: { name } }),
    (team) => `It is ${oneLine(team.name)} now.`,
  )
}

export async function deleteTeam(context: Context, named: string): Promise<undefined> {
  const client = await connectTenant(context)
  const { id } = await findTeam(client, named)
  say(context, await client.deleteTeam({ params: { id } }), (team) => `Deleted the team ${oneLine(team.name)}.`)
}

const memberColumns: Column<TeamMember>[] = [
  { title: 'MEMBER', value: ({ id }) => id },
  { title: 'ROLES', value: ({ roles }) => roles.join(', ') },
  { title: 'WHO', flexible: true, value: ({ email, name }) => oneLine([name, email].filter(Boolean).join(' ')) },
]

export async function listTeamMembers(context: Context, named: string): Promise<undefined> {
  const client = await connectTenant(context)
  const { id } = await findTeam(client, named)
  const members = await collectPages((query) => client.listTeamMembers({ params: { id }, query }))
  const { terminal } = context
  if (context.json) printJson(terminal, members)
  else terminal.write(renderTable(memberColumns, members, terminal.columns, terminal.paint))
}

export async function putTeamMember(context: Context, named: string, who: string, roles: string): Promise<undefined> {
  const body = parseInput(putTeamMemberSchema, { roles: splitList(roles) })
  const client = await connectTenant(context)
  const [{ id }, member] = [await findTeam(client, named), await findMember(client, who)]
  const put = await client.putTeamMember({ params: { id, person: member.id }, body })
  say(context, put, () => `${oneLine(who)} is ${put.roles.join(', ')} of ${oneLine(named)} now.`)
}

export async function removeTeamMember(context: Context, named: string, who: string): Promise<undefined> {
  const client = await connectTenant(context)
  const [{ id }, member] = [await findTeam(client, named), await findMember(client, who)]
  const removed = await client.removeTeamMember({ params: { id, person: member.id } })
  say(context, removed, () => `${oneLine(who)} is no member of ${oneLine(named)} any more.`)
}

export async function giveResource(
  context: Context,
  given: { kind: string; resource: string; team: string; share?: string },
): Promise<undefined> {
  const kind = parseInput(ownedKindSchema, given.kind)
  const client = await connectTenant(context)
  const teamId = given.team === 'none' ? null : (await findTeam(client, given.team)).id
  const sharedWith = []
  for (const team of given.share === undefined ? [] : splitList(given.share)) {
    sharedWith.push((await findTeam(client, team)).id)
  }
  const { resource } = given
  const owner = await client.setOwner({ params: { kind, resource }, body: { teamId, sharedWith } })
  const whose = teamId === null ? 'the whole tenant' : oneLine(given.team)
  say(context, owner, () => `The ${kind} ${oneLine(resource)} belongs to ${whose} now.`)
}

function say<T>({ json, terminal }: Context, result: T, describe: (result: T) => string): void {
  if (json) printJson(terminal, result)
  else terminal.write(`${describe(result)}\n`)
}
