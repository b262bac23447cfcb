import { environmentSchema, promoteReleaseSchema } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { parseInput, wrongUsage } from '../failure.ts'
import { printJson } from '../terminal/terminal.ts'
import { printRelease } from './releases.ts'
import { renderRequest } from './requests.ts'

export interface PromoteOptions {
  canary?: string
  minRuns?: string
  maxErrorPoints?: string
  maxCostPercent?: string
  comment?: string
}

export async function promote(
  context: Context,
  target: { name: string; environment: string; version: string | undefined },
  options: PromoteOptions,
): Promise<undefined> {
  const params = { name: target.name, environment: parseInput(environmentSchema, target.environment) }
  const body = parseInput(promoteReleaseSchema, {
    version: target.version === undefined ? undefined : Number(target.version),
    canary: readCanary(options),
    comment: options.comment,
  })
  const client = await connectTenant(context)
  const promotion = await client.promoteRelease({ params, body })
  const { release, request } = promotion
  const { terminal, commandLine } = context
  if (context.json) printJson(terminal, promotion)
  else if (request) {
    terminal.write(renderRequest(context, request))
    terminal.write(`\nIt waits for approval: ${commandLine} releases approve ${request.id}\n`)
  } else if (release) printRelease(context, release)
}

function readCanary({ canary, minRuns, maxErrorPoints, maxCostPercent }: PromoteOptions) {
  const rules = { minRuns, maxErrorPoints, maxCostPercent }
  const given = Object.entries(rules).flatMap(([name, text]) => (text === undefined ? [] : [[name, readLimit(text)]]))
  if (canary !== undefined) return { percent: Number(canary), ...Object.fromEntries(given) }
  if (given.length > 0) throw wrongUsage('The limits are those of a canary: give its share with --canary, too.')
  return undefined
}

function readLimit(text: string): number | null {
  return text === 'off' ? null : Number(text)
}

/** Rolls back what it has seen, so that two at once roll back once. */
export async function rollBack(
  context: Context,
  name: string,
  environmentName: string,
  { comment }: { comment?: string },
): Promise<undefined> {
  const params = { name, environment: parseInput(environmentSchema, environmentName) }
  const client = await connectTenant(context)
  const { version, canary } = await client.getRelease({ params })
  const body = { from: canary?.version ?? version, ...(comment !== undefined && { comment }) }
  printRelease(context, await client.rollBackRelease({ params, body }))
}
