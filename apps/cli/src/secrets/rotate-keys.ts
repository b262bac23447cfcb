import { connectOperator } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { findTenant } from '../tenants/tenants.ts'
import { printJson } from '../terminal/terminal.ts'

export async function rotateDataKey(context: Context, tenant: string): Promise<undefined> {
  const { client } = await connectOperator(context)
  const { id, name } = await findTenant(client, tenant)
  const result = await client.rotateDataKey({ params: { id } })
  if (context.json) printJson(context.terminal, result)
  else context.terminal.write(`${name} has a new data key; ${result.secrets} values are under it now.\n`)
}

/** Goes through all tenants, page by page. */
export async function rewrapKeys(context: Context): Promise<undefined> {
  const { client } = await connectOperator(context)
  const total = { tenants: 0, rewrapped: 0 }
  let cursor: string | undefined
  do {
    const page = await client.rewrapKeys({ query: { limit: 50, ...(cursor !== undefined && { cursor }) } })
    total.tenants += page.tenants
    total.rewrapped += page.rewrapped
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  if (context.json) printJson(context.terminal, total)
  else {
    const { terminal } = context
    terminal.write(`Rewrapped ${total.rewrapped} keys and secrets of ${total.tenants} tenants.\n`)
    terminal.write('Nothing needs FREEHOLD_SECRET_KEY_PREVIOUS any more: take it away and restart.\n')
  }
}
