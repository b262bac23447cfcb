import { type Contract, type ContractCheck, type ContractUse, FreeholdError } from '@freehold/contracts'
import { hashArguments } from '../approvals/arguments-hash.ts'
import type { Tx } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { findAgentCardBreaks } from './agent-card-breaks.ts'
import { findOpenApiBreaks } from './openapi-breaks.ts'
import { contractOf, findService } from './present-service.ts'

type Break = ContractCheck['breaks'][number]

const maxReported = 100

/** What a contract in place of the present one would break. Writes nothing. */
export async function checkService(
  caller: Caller,
  name: string,
  input: { contract: Contract | null },
): Promise<ContractCheck> {
  authorize(caller, 'services:read')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const row = await findService(tx, name)
    return { breaks: await findBreaks(tx, name, contractOf(row), input.contract) }
  })
}

/** Throws `conflict`, with a field for each break, when a registered consumer can't go on with the new contract. */
export async function assertUnbroken(
  tx: Tx,
  service: string,
  before: Contract | null,
  after: Contract | null,
): Promise<void> {
  const breaks = await findBreaks(tx, service, before, after)
  const [first, ...others] = breaks
  if (!first) return
  const consumers = [...new Set(breaks.map(({ consumer }) => `"${consumer}"`))].join(', ')
  const more = others.length === 0 ? '' : `, and ${others.length} more`
  const message = `The contract breaks ${consumers} (${first.at}: ${first.message}${more}). Keep what they rely on, or force it.`
  const fields = breaks.map(({ consumer, at, message }) => ({
    field: `consumers.${consumer}`,
    message: `${at}: ${message}`,
  }))
  throw new FreeholdError('conflict', message, { fields })
}

async function findBreaks(tx: Tx, service: string, before: Contract | null, after: Contract | null): Promise<Break[]> {
  if (before === null || isSame(before, after)) return []
  const consumers = await tx
    .selectFrom('service_consumers')
    .select(['consumer', 'uses'])
    .where('service', '=', service)
    .orderBy('consumer')
    .execute()
  if (consumers.length === 0) return []
  const breaksOf = compare(before, after)
  const breaks: Break[] = []
  for (const { consumer, uses } of consumers) {
    // Written by `putServiceConsumer`, from what its schema let through.
    for (const use of uses as ContractUse[]) {
      const at = 'skill' in use ? use.skill : `${use.method} ${use.path}`
      breaks.push(...breaksOf(use).map((message) => ({ consumer, at, message })))
      if (breaks.length >= maxReported) return breaks.slice(0, maxReported)
    }
  }
  return breaks
}

/** Most changes of a service leave its contract alone. */
function isSame(before: Contract, after: Contract | null): boolean {
  return after !== null && hashArguments(before) === hashArguments(after)
}

/** What of the later contract breaks a use of the earlier one, in words. */
function compare(before: Contract, after: Contract | null): (use: ContractUse) => string[] {
  if (after === null) return () => ['there is no contract any more']
  if (before.kind === 'openapi' && after.kind === 'openapi') {
    const breaksOf = findOpenApiBreaks(before.document, after.document)
    return (use) => ('skill' in use ? [] : breaksOf(use))
  }
  if (before.kind === 'agent_card' && after.kind === 'agent_card') {
    const breaksOf = findAgentCardBreaks(before.document, after.document)
    return (use) => ('skill' in use ? breaksOf(use.skill) : [])
  }
  return () => ['the contract is of another kind']
}
