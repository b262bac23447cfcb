import { randomUUID } from 'node:crypto'
import type { Ground } from './tenants.ts'

/** How an operation is asked for so that it succeeds on a tenant's ground. */
export interface SampleRequest {
  params?: (ground: Ground) => Record<string, string>
  body?: (ground: Ground) => Record<string, unknown>
}

const byAgent = (ground: Ground) => ({ name: ground.agent })
const byRun = (ground: Ground) => ({ id: ground.finishedRun })
const bySpareTenant = (ground: Ground) => ({ id: ground.spareTenant })

/** A request for each operation of the REST interface, by `operationId`. */
export const sampleRequests: Record<string, SampleRequest> = {
  whoami: {},
  createTenant: { body: () => ({ name: `tenant ${randomUUID()}` }) },
  listTenants: {},
  getTenant: { params: bySpareTenant },
  suspendTenant: { params: bySpareTenant },
  resumeTenant: { params: bySpareTenant },
  listPlans: {},
  putPlan: {
    params: () => ({ name: 'sample' }),
    body: () => ({ weight: 2, maxRunningRuns: 10, maxQueuedRuns: 100 }),
  },
  setTenantPlan: { params: bySpareTenant, body: () => ({ plan: 'standard' }) },
  issueTenantKey: { params: bySpareTenant, body: () => ({ name: 'issued' }) },
  getOwnTenant: {},
  updateOwnTenant: { body: () => ({ allowedHosts: ['example.com'] }) },
  createKey: { body: () => ({ name: 'created' }) },
  listKeys: {},
  revokeKey: { params: (ground) => ({ id: ground.keyId }) },
  createAgent: { body: () => ({ name: `agent-${randomUUID()}` }) },
  listAgents: {},
  getAgent: { params: byAgent },
  createAgentVersion: { params: byAgent, body: () => ({ description: 'the next version' }) },
  listAgentVersions: { params: byAgent },
  setRelease: { params: (ground) => ({ ...byAgent(ground), environment: 'staging' }), body: () => ({ version: 2 }) },
  listTools: {},
  startRun: { params: byAgent, body: () => ({ message: 'hello' }) },
  listRuns: {},
  getRun: { params: byRun },
  listRunEvents: { params: byRun },
  cancelRun: { params: (ground) => ({ id: ground.queuedRun }) },
  redriveRun: { params: (ground) => ({ id: ground.failedRun }) },
  redriveRuns: { body: () => ({ limit: 1 }) },
  decideRun: {
    params: (ground) => ({ id: ground.undecidedRun }),
    body: () => ({ step: 'tool:1', decision: 'skip' }),
  },
  listThreads: {},
  listMessages: { params: (ground) => ({ id: ground.thread }) },
  listUsage: {},
}
