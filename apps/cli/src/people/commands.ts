import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import type { InvitationOptions, ServiceAccountOptions } from './people.ts'

const load = () => import('./people.ts')
const roleList = 'owner, admin, builder, operator or viewer, with commas'

export function addPeopleCommands(program: Command, perform: Perform): void {
  addMemberCommands(program.command('members').description('the people of a tenant, and its service accounts'), perform)
  addInvitationCommands(program.command('invitations').description('invite people into a tenant'), perform)
}

function addMemberCommands(members: Command, perform: Perform): void {
  members
    .command('list')
    .description('list the members')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listMembers(context))
    })
  members
    .command('set')
    .description('give a member other roles')
    .argument('<member>', 'id or address')
    .argument('<roles>', `${roleList}; "none" leaves what they are in teams`)
    .action(async (member: string, roles: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).updateMember(context, member, roles))
    })
  members
    .command('remove')
    .description('end a membership; the keys of a service account go with it')
    .argument('<member>', 'id or address')
    .action(async (member: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).removeMember(context, member))
    })
  members
    .command('create-service-account')
    .description('create a member that is no person and acts by keys: see keys create --service-account')
    .argument('<name>')
    .option('--roles <names>', `${roleList}; none when left out`)
    .action(async (name: string, options: ServiceAccountOptions, command: Command) => {
      await perform(command, async (context) => (await load()).createServiceAccount(context, name, options))
    })
}

function addInvitationCommands(invitations: Command, perform: Perform): void {
  invitations
    .command('list')
    .description('list the invitations, the newest first')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listInvitations(context))
    })
  invitations
    .command('create')
    .description('invite somebody; they get a mail with the token that accepts it')
    .argument('<email>')
    .option('--roles <names>', `in the whole tenant: ${roleList}`)
    .option(
      '--in-team <team:role>',
      'in a team, by its name or id, such as claims:builder; again for another one',
      collect,
    )
    .option('--days <number>', 'how long it is good', '7')
    .action(async (email: string, options: InvitationOptions, command: Command) => {
      await perform(command, async (context) => (await load()).createInvitation(context, email, options))
    })
  invitations
    .command('revoke')
    .description('take an invitation back')
    .argument('<id>')
    .action(async (id: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).revokeInvitation(context, id))
    })
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}
