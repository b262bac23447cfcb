import type { Command } from 'commander'
import type { Perform } from '../context.ts'

const load = () => import('./tenants.ts')

export function addTenantCommands(program: Command, perform: Perform): void {
  const tenants = program.command('tenants').description('manage the tenants of the installation, as its operator')
  tenants
    .command('list')
    .description('list the tenants')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listTenants(context))
    })
  tenants
    .command('create')
    .description('create a tenant and its first API key')
    .argument('<name>')
    .action(async (name: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).createTenant(context, name))
    })
  tenants
    .command('show')
    .description('show a tenant')
    .argument('<tenant>', 'id or name')
    .action(async (tenant: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).showTenant(context, tenant))
    })
  tenants
    .command('plan')
    .description('put a tenant on a plan')
    .argument('<tenant>', 'id or name')
    .argument('<plan>', 'one of `plans list`')
    .action(async (tenant: string, plan: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).setTenantPlan(context, tenant, plan))
    })
  tenants
    .command('suspend')
    .description('refuse the keys of a tenant and stop its runs; nothing is deleted')
    .argument('<tenant>', 'id or name')
    .action(async (tenant: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).suspendTenant(context, tenant))
    })
  tenants
    .command('resume')
    .description('lift the suspension of a tenant')
    .argument('<tenant>', 'id or name')
    .action(async (tenant: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).resumeTenant(context, tenant))
    })
}
