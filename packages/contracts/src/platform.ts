import { z } from 'zod'
import { agentFiguresShape } from './agents.ts'
import { type Operation, page, pageQuery } from './operation.ts'
import { isolationTiers } from './plans.ts'
import { tenantSchema } from './tenants.ts'

const tenantHealthSchema = tenantSchema
  .pick({ id: true, name: true, status: true, createdAt: true })
  .extend({
    plan: z.string(),
    isolation: z.enum(isolationTiers),
    lastMonth: z
      .object(agentFiguresShape)
      .meta({ description: 'The runs of its agents in the last 30 days, delegated ones among them.' }),
    now: z.object({ queued: z.int(), running: z.int(), waiting: z.int() }),
    lastRunAt: z.iso.datetime().nullable().meta({ description: 'When its newest run was accepted.' }),
  })
  .meta({ id: 'TenantHealth', description: 'A tenant in numbers: nothing of what its agents were asked or did.' })
export type TenantHealth = z.output<typeof tenantHealthSchema>

export const platformOperations = {
  listTenantHealth: {
    method: 'get',
    path: '/platform/tenants',
    summary: 'List the tenants with their plan, runs, failures and spend of the last 30 days',
    tag: 'tenants',
    permission: 'platform:tenants:read',
    query: pageQuery,
    status: 200,
    response: page(tenantHealthSchema),
  },
} as const satisfies Record<string, Operation>
