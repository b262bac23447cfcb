import type { Command } from 'commander'
import type { Perform } from '../context.ts'

const load = () => import('./teams.ts')

export function addTeamCommands(program: Command, perform: Perform): void {
  const teams = program
    .command('teams')
    .description('parts of a tenant with agents, connections and budgets of their own')
  teams
    .command('list')
    .description('list the teams and what they own')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listTeams(context))
    })
  teams
    .command('create')
    .description('create a team')
    .argument('<name>')
    .action(async (name: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).createTeam(context, name))
    })
  teams
    .command('rename')
    .description('give a team another name')
    .argument('<team>', 'id or name')
    .argument('<name>')
    .action(async (team: string, name: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).renameTeam(context, team, name))
    })
  teams
    .command('delete')
    .description('delete a team that owns nothing any more; its keys stop working')
    .argument('<team>', 'id or name')
    .action(async (team: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).deleteTeam(context, team))
    })
  addMembership(teams, perform)
  teams
    .command('give')
    .description('give an agent, connection, secret or budget to a team, or with "none" back to the whole tenant')
    .argument('<kind>', 'agent, connection, secret or budget')
    .argument('<resource>', 'its name; the id of a budget')
    .argument('<team>', 'id or name, or "none"')
    .option('--share <teams>', 'other teams that may see and use it, with commas; nobody when left out')
    .action(async (kind: string, resource: string, team: string, options: { share?: string }, command: Command) => {
      await perform(command, async (context) =>
        (await load()).giveResource(context, { kind, resource, team, ...options }),
      )
    })
}

function addMembership(teams: Command, perform: Perform): void {
  teams
    .command('members')
    .description('list the members of a team')
    .argument('<team>', 'id or name')
    .action(async (team: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listTeamMembers(context, team))
    })
  teams
    .command('add')
    .description('take a member of the tenant into a team, or give them other roles there')
    .argument('<team>', 'id or name')
    .argument('<member>', 'id or address')
    .argument('<roles>', 'admin, builder, operator or viewer, with commas')
    .action(async (team: string, member: string, roles: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).putTeamMember(context, team, member, roles))
    })
  teams
    .command('remove')
    .description('take somebody out of a team')
    .argument('<team>', 'id or name')
    .argument('<member>', 'id or address')
    .action(async (team: string, member: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).removeTeamMember(context, team, member))
    })
}
