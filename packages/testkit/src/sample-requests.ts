import { randomUUID } from 'node:crypto'
import { sampleContract } from './sample-contract.ts'
import { sampleLogo } from './sample-logo.ts'
import type { Ground } from './tenants.ts'

/** How an operation is asked for so that it succeeds on a tenant's ground. */
export interface SampleRequest {
  params?: (ground: Ground) => Record<string, string>
  query?: string
  body?: (ground: Ground) => Record<string, unknown>
  upload?: (ground: Ground) => Uint8Array
}

const byAgent = (ground: Ground) => ({ name: ground.agent })
const byProduction = (ground: Ground) => ({ name: ground.agent, environment: 'production' })
const byReleaseRequest = (ground: Ground) => ({ id: ground.releaseRequestId })
const byRun = (ground: Ground) => ({ id: ground.finishedRun })
const byBudget = (ground: Ground) => ({ id: ground.budgetId })
const bySchedule = (ground: Ground) => ({ id: ground.scheduleId })
const byWebhook = (ground: Ground) => ({ id: ground.webhookId })
const bySecret = (ground: Ground) => ({ name: ground.secretName })
const byConnection = (ground: Ground) => ({ name: ground.connection })
const byFlag = (ground: Ground) => ({ name: ground.flag })
const byService = (ground: Ground) => ({ name: ground.service })
const byTeam = (ground: Ground) => ({ id: ground.teamId })
const byApproval = (ground: Ground) => ({ id: ground.approvalId })
const bySpareTenant = (ground: Ground) => ({ id: ground.spareTenant })

/** A request for each operation of the REST interface, by `operationId`. */
export const sampleRequests: Record<string, SampleRequest> = {
  whoami: {},
  createTenant: { body: () => ({ name: `tenant-${randomUUID()}` }) },
  applyTenant: { body: () => ({ name: `tenant-${randomUUID()}` }) },
  listTenants: {},
  getTenant: { params: bySpareTenant },
  suspendTenant: { params: bySpareTenant },
  resumeTenant: { params: bySpareTenant },
  exportTenant: { params: (ground) => ({ id: ground.restingTenant }) },
  importTenant: { upload: (ground) => ground.archive },
  deleteTenant: {
    params: (ground) => ({ id: ground.doomedTenant }),
    body: (ground) => ({ name: ground.doomedName }),
  },
  getTenantDeletion: { params: (ground) => ({ id: ground.fadingTenant }) },
  listTenantHealth: {},
  listPlans: {},
  putPlan: {
    params: () => ({ name: 'sample' }),
    body: () => ({ weight: 2, maxRunningRuns: 10, maxQueuedRuns: 100 }),
  },
  setTenantPlan: { params: bySpareTenant, body: () => ({ plan: 'standard' }) },
  issueTenantKey: { params: bySpareTenant, body: () => ({ name: 'issued' }) },
  getLimits: {},
  getOwnTenant: {},
  updateOwnTenant: { body: () => ({ allowedHosts: ['example.com'] }) },
  getBranding: {},
  putBranding: { body: () => ({ name: 'Sample', colors: { primary: '#1a2b3c' } }) },
  putLogo: { body: () => ({ data: sampleLogo }) },
  deleteLogo: {},
  claimHost: { body: () => ({ host: `${randomUUID()}.example.com` }) },
  verifyHost: {},
  releaseHost: {},
  createKey: { body: () => ({ name: 'created' }) },
  listKeys: {},
  revokeKey: { params: (ground) => ({ id: ground.keyId }) },
  listMembers: {},
  updateMember: { params: (ground) => ({ id: ground.memberId }), body: () => ({ roles: ['operator'] }) },
  removeMember: { params: (ground) => ({ id: ground.spareMember }) },
  createServiceAccount: { body: () => ({ name: `robot ${randomUUID()}`, roles: ['viewer'] }) },
  startSupport: { params: bySpareTenant, body: () => ({ reason: 'a sample' }) },
  createInvitation: { body: () => ({ email: `${randomUUID()}@example.com`, roles: ['builder'] }) },
  listInvitations: {},
  revokeInvitation: { params: (ground) => ({ id: ground.invitationId }) },
  acceptInvitation: { body: (ground) => ({ token: ground.guestInvitation }) },
  createTeam: { body: () => ({ name: `team ${randomUUID()}` }) },
  listTeams: {},
  updateTeam: { params: byTeam, body: () => ({ name: `team ${randomUUID()}` }) },
  deleteTeam: { params: (ground) => ({ id: ground.spareTeam }) },
  listTeamMembers: { params: byTeam },
  putTeamMember: {
    params: (ground) => ({ ...byTeam(ground), person: ground.memberId }),
    body: () => ({ roles: ['operator'] }),
  },
  removeTeamMember: { params: (ground) => ({ ...byTeam(ground), person: ground.teamMember }) },
  setOwner: {
    params: (ground) => ({ kind: 'connection', resource: ground.connection }),
    body: (ground) => ({ teamId: ground.teamId }),
  },
  listOwners: {},
  createAgent: { body: () => ({ name: `agent-${randomUUID()}` }) },
  listAgents: {},
  getAgent: { params: byAgent },
  createAgentVersion: { params: byAgent, body: () => ({ description: 'the next version' }) },
  listAgentVersions: { params: byAgent },
  setRelease: { params: (ground) => ({ ...byAgent(ground), environment: 'staging' }), body: () => ({ version: 2 }) },
  listAgentSamples: {},
  listTools: {},
  getRelease: { params: byProduction },
  promoteRelease: {
    params: (ground) => ({ name: ground.promotedAgent, environment: 'staging' }),
    body: () => ({ comment: 'it did well' }),
  },
  rollBackRelease: {
    params: (ground) => ({ ...byAgent(ground), environment: 'development' }),
    body: () => ({ comment: 'it did not' }),
  },
  listReleaseHistory: { params: byProduction },
  diffAgentVersions: { params: byAgent },
  listReleaseRequests: {},
  getReleaseRequest: { params: byReleaseRequest },
  decideReleaseRequest: { params: byReleaseRequest, body: () => ({ decision: 'approve' }) },
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
  createSchedule: {
    body: (ground) => ({ name: `schedule ${randomUUID()}`, agent: ground.agent, message: 'hello', cron: '0 9 * * *' }),
  },
  listSchedules: {},
  getSchedule: { params: bySchedule },
  updateSchedule: { params: bySchedule, body: () => ({ status: 'paused' }) },
  deleteSchedule: { params: (ground) => ({ id: ground.spareScheduleId }) },
  triggerSchedule: { params: bySchedule },
  putSecret: { params: bySecret, body: () => ({ value: 'another value' }) },
  listSecrets: {},
  getSecret: { params: bySecret },
  deleteSecret: { params: (ground) => ({ name: ground.spareSecret }) },
  putConnection: {
    params: byConnection,
    body: (ground) => ({ kind: 'http', secret: ground.secretName, origin: 'https://api.invalid' }),
  },
  listConnections: {},
  getConnection: { params: byConnection },
  deleteConnection: { params: (ground) => ({ name: ground.spareConnection }) },
  putService: {
    params: byService,
    body: () => ({
      contract: sampleContract,
      environments: { production: { kind: 'http', url: 'https://api.invalid' } },
    }),
  },
  listServices: {},
  getService: { params: byService },
  deleteService: { params: (ground) => ({ name: ground.spareService }) },
  checkService: { params: byService, body: () => ({ contract: null }) },
  putServiceConsumer: {
    params: (ground) => ({ ...byService(ground), consumer: `consumer-${randomUUID()}` }),
    body: () => ({ uses: [{ method: 'GET', path: '/things' }] }),
  },
  listServiceConsumers: { params: byService },
  deleteServiceConsumer: { params: (ground) => ({ ...byService(ground), consumer: 'spare-consumer' }) },
  pruneAudit: { params: bySpareTenant, body: () => ({ before: '2026-01-01T00:00:00Z' }) },
  rotateDataKey: { params: bySpareTenant },
  rewrapKeys: {},
  createWebhook: { body: () => ({ url: 'https://hooks.invalid/', events: ['run.failed'] }) },
  listWebhooks: {},
  getWebhook: { params: byWebhook },
  updateWebhook: { params: byWebhook, body: () => ({ description: 'changed' }) },
  deleteWebhook: { params: (ground) => ({ id: ground.spareWebhookId }) },
  testWebhook: { params: byWebhook },
  rotateWebhookSecret: { params: byWebhook },
  getOverview: {},
  listThreads: {},
  getThread: { params: (ground) => ({ id: ground.thread }) },
  listMessages: { params: (ground) => ({ id: ground.thread }) },
  listUsage: {},
  summarizeUsage: { query: '?groupBy=agent' },
  putFlag: { params: byFlag, body: () => ({ serve: [{ variant: 'off', percent: 100 }] }) },
  listFlags: {},
  getFlag: { params: byFlag },
  deleteFlag: { params: (ground) => ({ name: ground.spareFlag }) },
  evaluateFlag: { params: byFlag, body: () => ({ targetingKey: 'somebody' }) },
  createBudget: { body: () => ({ name: `budget ${randomUUID()}`, period: 'day', limitNanos: 1_000_000_000 }) },
  listBudgets: {},
  getBudget: { params: byBudget },
  updateBudget: { params: byBudget, body: () => ({ tokenLimit: 5_000_000 }) },
  deleteBudget: { params: byBudget },
  listApprovals: {},
  getApproval: { params: byApproval },
  decideApproval: {
    params: byApproval,
    body: () => ({ decision: 'approve', argumentsHash: '0'.repeat(64) }),
  },
  listAudit: {},
  exportAudit: {},
  listAuditAnchors: {},
  verifyAudit: {},
  getAuditArchive: {},
}
