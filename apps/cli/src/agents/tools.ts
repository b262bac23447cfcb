import type { Tool } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { oneLine } from '../terminal/format.ts'
import { type Column, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

const toolColumns: Column<Tool>[] = [
  { title: 'TOOL', value: ({ name }) => oneLine(name) },
  { title: 'RISK', value: ({ risk }) => risk },
  { title: 'DESCRIPTION', flexible: true, value: ({ description }) => oneLine(description) },
]

export async function listTools(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const { items } = await client.listTools()
  const { terminal } = context
  if (context.json) printJson(terminal, items)
  else terminal.write(renderTable(toolColumns, items, terminal.columns, terminal.paint))
}
