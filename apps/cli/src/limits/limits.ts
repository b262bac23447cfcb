import type { Limits } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { formatTime } from '../terminal/format.ts'
import { renderFields } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'
import { describeBytes, describeRate } from './describe-limit.ts'

export async function showLimits(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const limits = await client.getLimits()
  const { json, terminal } = context
  if (json) printJson(terminal, limits)
  else terminal.write(renderFields(toFields(limits), terminal.paint))
}

function toFields({ plan, rateLimits, quotas }: Limits): [string, string][] {
  const { agents, runsPerMonth, members, storageBytes } = quotas
  return [
    ['plan', plan],
    ['each key', describeRate(rateLimits.key, 'as the installation allows')],
    ['each person', describeRate(rateLimits.user, 'as the installation allows')],
    ['tenant', describeRate(rateLimits.tenant, 'no limit')],
    ['agents', describeUse(agents, String)],
    ['runs this month', `${describeUse(runsPerMonth, String)}, until ${formatTime(runsPerMonth.resetsAt)}`],
    ['members', describeUse(members, String)],
    ['storage', describeUse(storageBytes, describeBytes)],
  ]
}

function describeUse({ used, allowed }: { used: number | null; allowed: number | null }, unit: (n: number) => string) {
  const taken = used === null ? 'not measured yet' : unit(used)
  return allowed === null ? `${taken}, no limit` : `${taken} of ${unit(allowed)}`
}
