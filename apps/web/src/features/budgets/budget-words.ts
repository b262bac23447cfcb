import type { Budget } from '@freehold/contracts'
import { formatExactMoney, formatMoney, formatNumber } from '../../ui/format.ts'

export const periodWords: Record<Budget['period'], string> = {
  hour: 'per hour',
  day: 'per day',
  month: 'per month',
  total: 'in all',
}

export const scopeWords: Record<Budget['scope']['kind'], { each: string; one: string }> = {
  tenant: { each: 'Everything in the tenant', one: 'Everything in the tenant' },
  team: { each: 'Each team', one: 'Team' },
  user: { each: 'Each user', one: 'User' },
  agent: { each: 'Each agent', one: 'Agent' },
  run: { each: 'Each run, with its delegations', one: 'Run' },
  api_key: { each: 'Each key', one: 'Key' },
}

/** What a budget can limit, and how what was used of it and the limit are written. */
export const measures = [
  {
    name: 'money',
    window: 'nanos',
    limit: 'limitNanos',
    format: formatMoney,
    formatLimit: formatExactMoney,
    unit: () => '',
  },
  {
    name: 'tokens',
    window: 'tokens',
    limit: 'tokenLimit',
    format: formatNumber,
    formatLimit: formatNumber,
    unit: (count: number) => (count === 1 ? ' token' : ' tokens'),
  },
  {
    name: 'calls',
    window: 'requests',
    limit: 'requestLimit',
    format: formatNumber,
    formatLimit: formatNumber,
    unit: (count: number) => (count === 1 ? ' call' : ' calls'),
  },
] as const
