import { connectOperator, connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { oneLine } from '../terminal/format.ts'
import { renderFields } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export async function whoami(context: Context, asOperator: boolean): Promise<undefined> {
  const client = asOperator ? (await connectOperator(context)).client : await connectTenant(context)
  const { actor, tenant, permissions, roles, environment } = await client.whoami()
  const { terminal } = context
  if (context.json) {
    printJson(terminal, { actor, tenant, permissions, roles, environment })
    return
  }
  const kind = actor.kind === 'operator' ? 'operator' : 'API key'
  terminal.write(
    renderFields(
      [
        ['you are', `${kind} "${oneLine(actor.name)}" (${actor.id})`],
        ['tenant', tenant ? `${oneLine(tenant.name)} (${tenant.id}), ${tenant.status}` : 'none'],
        ['you may', permissions.join(', ')],
        ['roles', roles.join(', ')],
        ['bound to', environment ?? undefined],
      ],
      terminal.paint,
    ),
  )
}
