import type { AgentConfig } from '@freehold/contracts'
import { findPolicyProblem } from '../approvals/policy.ts'
import type { TenantCaller } from '../identity/caller.ts'
import { invalidField } from '../invalid-field.ts'

/** Refuses what no run could do here, and says what there is instead. */
export async function assertBuildable(caller: TenantCaller, config: AgentConfig): Promise<void> {
  const { programs, tools } = caller.platform.catalogue
  if (!programs.includes(config.program)) {
    throw invalidField('body.program', `there is no program "${config.program}"; known: ${programs.join(', ')}`)
  }
  const known = tools.map(({ name }) => name)
  const unknown = config.tools.filter((tool) => !known.includes(tool))
  if (unknown.length > 0) {
    throw invalidField('body.tools', `unknown: ${unknown.join(', ')}; known: ${known.join(', ')}`)
  }
  const problem = findPolicyProblem(config.approvals, config.tools)
  if (problem) throw invalidField(`body.approvals.${problem.field}`, problem.message)
  await assertProviders(caller, config)
}

/** A provider that has no key yet is fine: an operator, or a connection, can give it one. */
async function assertProviders(caller: TenantCaller, { model, fallbackModels }: AgentConfig): Promise<void> {
  const named = [model, ...fallbackModels].map((name, index) => ({
    field: index === 0 ? 'body.model' : `body.fallbackModels.${index - 1}`,
    provider: name.includes('/') ? name.slice(0, name.indexOf('/')) : undefined,
  }))
  const { providers } = caller.platform.catalogue
  const foreign = named.filter(({ provider }) => provider !== undefined && !providers.includes(provider))
  if (foreign.length === 0) return
  const known = [...providers, ...(await readOwnProviders(caller))]
  const unknown = foreign.find(({ provider = '' }) => !known.includes(provider))
  if (!unknown) return
  const { field, provider } = unknown
  const message = `there is no provider "${provider}"; known: ${[...new Set(known)].join(', ')}. Choose a model of one of them, or connect "${provider}" first, with its base URL.`
  throw invalidField(field, message)
}

/** Whatever teams the caller is bound to: connections to providers serve the whole tenant. */
async function readOwnProviders({ platform, tenantId }: TenantCaller): Promise<string[]> {
  const rows = await platform.database.withTenant(tenantId, (tx) =>
    tx.selectFrom('connections').select('provider').where('kind', '=', 'model_provider').orderBy('provider').execute(),
  )
  return rows.flatMap(({ provider }) => provider ?? [])
}
