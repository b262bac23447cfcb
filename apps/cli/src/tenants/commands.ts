import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import type { ApplyOptions } from './apply.ts'

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
    .option('--plan <plan>', 'one of `plans list`')
    .option('--owner <address>', 'invite somebody as its owner; can be given several times', addTo, [])
    .action(async (name: string, options: { plan?: string; owner: string[] }, command: Command) => {
      await perform(command, async (context) => (await load()).createTenant(context, name, options))
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
    .command('export')
    .description('write everything of a suspended tenant into an archive, but values of secrets and keys')
    .argument('<tenant>', 'id or name')
    .requiredOption('-o, --output <file>', 'such as acme.tar.gz')
    .action(async (tenant: string, options: { output: string }, command: Command) => {
      await perform(command, async (context) => (await import('./archive.ts')).exportTenant(context, tenant, options))
    })
  tenants
    .command('import')
    .description('bring in a tenant from an archive; it stays suspended until you resume it')
    .argument('<file>')
    .action(async (file: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await import('./archive.ts')).importTenant(context, file))
    })
  tenants
    .command('delete')
    .description('delete a suspended tenant with all it has, for good, and print the proof')
    .argument('<tenant>', 'id or name')
    .option('-y, --yes', 'do not ask for the name')
    .action(async (tenant: string, options: { yes?: true }, command: Command) => {
      await perform(command, async (context) =>
        (await import('./delete-tenant.ts')).deleteTenant(context, tenant, options),
      )
    })
  tenants
    .command('certificate')
    .description('print the signed certificate of a deletion')
    .argument('<id>', 'of the tenant that was deleted')
    .action(async (id: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await import('./delete-tenant.ts')).showCertificate(context, id))
    })
  tenants
    .command('resume')
    .description('lift the suspension of a tenant')
    .argument('<tenant>', 'id or name')
    .action(async (tenant: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).resumeTenant(context, tenant))
    })
}

export function addApplyCommand(program: Command, perform: Perform): void {
  program
    .command('apply')
    .description('make tenants what a YAML file defines, as the operator; what is not in it stays as it is')
    .requiredOption('-f, --file <file>', 'the YAML file; - reads the standard input')
    .option('--dry-run', 'only show what would change')
    .option('-y, --yes', 'do not ask')
    .action(async (options: ApplyOptions, command: Command) => {
      await perform(command, async (context) => (await import('./apply.ts')).applyTenants(context, options))
    })
}

function addTo(value: string, before: string[]): string[] {
  return [...before, value]
}
