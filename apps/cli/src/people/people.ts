import {
  type ChangedMember,
  createInvitationSchema,
  createServiceAccountSchema,
  type Invitation,
  type Member,
  updateMemberSchema,
} from '@freehold/contracts'
import { splitList } from '../agents/read-agent.ts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { CliError, parseInput, wrongUsage } from '../failure.ts'
import { findTeam } from '../teams/find-team.ts'
import { formatTime, oneLine } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

type Client = Awaited<ReturnType<typeof connectTenant>>

export interface InvitationOptions {
  roles?: string
  inTeam?: string[]
  days: string
}

export interface ServiceAccountOptions {
  roles?: string
}

const memberColumns: Column<Member>[] = [
  { title: 'MEMBER', value: ({ id }) => id },
  { title: 'ROLES', value: ({ roles }) => roles.join(', ') || 'in teams' },
  {
    title: 'FROM',
    value: ({ source, expiresAt }) => (expiresAt ? `${source}, until ${formatTime(expiresAt)}` : source),
  },
  { title: 'WHO', flexible: true, value: ({ email, name }) => oneLine([name, email].filter(Boolean).join(' ')) },
]

export async function listMembers(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const members = await collectPages((query) => client.listMembers({ query }))
  const { terminal } = context
  if (context.json) printJson(terminal, members)
  else terminal.write(renderTable(memberColumns, members, terminal.columns, terminal.paint))
}

export async function updateMember(context: Context, named: string, roles: string): Promise<undefined> {
  const body = parseInput(updateMemberSchema, { roles: roles === 'none' ? [] : splitList(roles) })
  const client = await connectTenant(context)
  const { id } = await findMember(client, named)
  show(context, await client.updateMember({ params: { id }, body }))
}

export async function removeMember(context: Context, named: string): Promise<undefined> {
  const client = await connectTenant(context)
  const { id } = await findMember(client, named)
  show(context, await client.removeMember({ params: { id } }))
}

export async function createServiceAccount(
  context: Context,
  name: string,
  { roles }: ServiceAccountOptions,
): Promise<undefined> {
  const body = parseInput(createServiceAccountSchema, { name, roles: roles === undefined ? [] : splitList(roles) })
  const client = await connectTenant(context)
  show(context, await client.createServiceAccount({ body }))
}

/** By its id, address or, for a service account, its name. */
export async function findMember(client: Client, named: string): Promise<Member> {
  const members = await collectPages((query) => client.listMembers({ query }))
  const isNamed = ({ id, email, name, kind }: Member) =>
    id === named || email === named.toLowerCase() || (kind === 'service' && name === named)
  const found = members.find(isNamed)
  if (found) return found
  throw new CliError(`There is no member "${named}". See freehold members list.`)
}

function show({ json, terminal }: Context, member: Member | ChangedMember): void {
  const fields: [string, string | undefined][] = [
    ['member', member.id],
    ['name', member.name === null ? undefined : oneLine(member.name)],
    ['address', member.email ?? undefined],
    ['roles', member.roles.join(', ') || 'in teams only'],
    ['from', member.source],
    ['keys revoked', 'revokedKeys' in member ? String(member.revokedKeys) : undefined],
  ]
  if (json) printJson(terminal, member)
  else terminal.write(renderFields(fields, terminal.paint))
}

const invitationColumns: Column<Invitation>[] = [
  { title: 'INVITATION', value: ({ id }) => id },
  { title: 'STATE', value: ({ status }) => status },
  { title: 'UNTIL', value: ({ expiresAt }) => formatTime(expiresAt) },
  { title: 'ROLES', value: ({ roles, teams }) => [...roles, ...teams.map(() => 'in a team')].join(', ') },
  { title: 'ADDRESS', flexible: true, value: ({ email }) => oneLine(email) },
]

export async function listInvitations(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const invitations = await collectPages((query) => client.listInvitations({ query }))
  const { terminal } = context
  if (context.json) printJson(terminal, invitations)
  else terminal.write(renderTable(invitationColumns, invitations, terminal.columns, terminal.paint))
}

export async function createInvitation(
  context: Context,
  email: string,
  options: InvitationOptions,
): Promise<undefined> {
  const client = await connectTenant(context)
  const teams = []
  for (const given of options.inTeam ?? []) teams.push(await readTeamRole(client, given))
  const body = parseInput(createInvitationSchema, {
    email,
    roles: options.roles === undefined ? [] : splitList(options.roles),
    teams,
    expiresInDays: Number(options.days),
  })
  const invitation = await client.createInvitation({ body })
  const said = `Invited ${oneLine(invitation.email)} until ${formatTime(invitation.expiresAt)}.`
  if (context.json) printJson(context.terminal, invitation)
  else context.terminal.write(`${said} The token, shown this once:\n${invitation.token}\n`)
}

async function readTeamRole(client: Client, given: string): Promise<{ id: string; roles: string[] }> {
  const at = given.lastIndexOf(':')
  if (at < 1) throw wrongUsage(`--in-team: "${given}" is no team with a role. Give it like claims:builder.`)
  const { id } = await findTeam(client, given.slice(0, at))
  return { id, roles: [given.slice(at + 1)] }
}

export async function revokeInvitation(context: Context, id: string): Promise<undefined> {
  const client = await connectTenant(context)
  const invitation = await client.revokeInvitation({ params: { id } })
  if (context.json) printJson(context.terminal, invitation)
  else context.terminal.write(`The invitation of ${oneLine(invitation.email)} is ${invitation.status}.\n`)
}
