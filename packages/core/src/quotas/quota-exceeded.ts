import { FreeholdError, type Quota } from '@freehold/contracts'

const words: Record<Quota, (count: number) => string> = {
  agents: (count) => `${count} agents`,
  runsPerMonth: (count) => `${count} runs a month`,
  members: (count) => `${count} members`,
  storageBytes: (count) => `${count} bytes of storage`,
}

export interface QuotaUse {
  quota: Quota
  plan: string
  used: number
  allowed: number
}

/** Says which quota it is, what is used of it, and who can raise it. */
export function quotaExceeded({ quota, plan, used, allowed }: QuotaUse): FreeholdError {
  const message = `The plan "${plan}" allows ${words[quota](allowed)}, and ${used} are used. The operator of this installation can raise that in the plan, or put the tenant on another one.`
  return new FreeholdError('quota_exceeded', message)
}
