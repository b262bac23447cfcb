import { type Client, decideSchema, type Run, redriveRunsSchema } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { parseInput } from '../failure.ts'
import { formatPlural } from '../terminal/format.ts'
import { printJson } from '../terminal/terminal.ts'

export function cancelRun(context: Context, id: string): Promise<undefined> {
  return control(context, (client) => client.cancelRun({ params: { id } }))
}

export function redriveRun(context: Context, id: string): Promise<undefined> {
  return control(context, (client) => client.redriveRun({ params: { id } }))
}

export async function redriveRuns(context: Context, filter: Record<string, unknown>): Promise<undefined> {
  const body = parseInput(redriveRunsSchema, filter)
  const client = await connectTenant(context)
  const result = await client.redriveRuns({ body })
  const { terminal } = context
  if (context.json) return void printJson(terminal, result)
  const more = result.remaining - result.busy
  const sentences = [
    `${formatPlural(result.redriven, 'dead run')} queued again.`,
    ...(more > 0 ? [`${more} more match: run this again.`] : []),
    ...(result.busy > 0 ? [`${result.busy} left out, as their conversations are at other runs.`] : []),
  ]
  terminal.write(`${sentences.join(' ')}\n`)
}

export function decideRun(context: Context, id: string, step: string, decision: string): Promise<undefined> {
  const body = parseInput(decideSchema, { step, decision })
  return control(context, (client) => client.decideRun({ params: { id }, body }))
}

async function control(context: Context, request: (client: Client) => Promise<Run>): Promise<undefined> {
  const run = await request(await connectTenant(context))
  const { terminal } = context
  if (context.json) printJson(terminal, run)
  else terminal.write(`The run is ${run.status} now. Watch it: ${context.commandLine} runs watch ${run.id}\n`)
}
