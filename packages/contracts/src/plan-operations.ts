import { z } from 'zod'
import { limitsSchema } from './limits.ts'
import type { Operation } from './operation.ts'
import { planNameSchema, planSchema, putPlanSchema } from './plans.ts'
import { idSchema, setTenantPlanSchema, tenantSchema } from './tenants.ts'

export const planOperations = {
  listPlans: {
    method: 'get',
    path: '/plans',
    summary: 'List the plans that tenants can be on',
    tag: 'plans',
    permission: 'platform:tenants:read',
    status: 200,
    response: z.object({ items: z.array(planSchema) }),
  },
  putPlan: {
    method: 'put',
    path: '/plans/{name}',
    summary: 'Create or change a plan; it holds at once for every tenant on it',
    tag: 'plans',
    permission: 'platform:tenants:write',
    params: z.strictObject({ name: planNameSchema }),
    body: putPlanSchema,
    status: 200,
    response: planSchema,
  },
  setTenantPlan: {
    method: 'patch',
    path: '/tenants/{id}',
    summary: 'Put a tenant on a plan',
    tag: 'plans',
    permission: 'platform:tenants:write',
    params: z.strictObject({ id: idSchema }),
    body: setTenantPlanSchema,
    status: 200,
    response: tenantSchema,
  },
  getLimits: {
    method: 'get',
    path: '/limits',
    summary: 'What the plan of the tenant allows, and what is used of it',
    tag: 'plans',
    permission: 'tenant:read',
    status: 200,
    response: limitsSchema,
  },
} as const satisfies Record<string, Operation>
