import {
  type AppliedTenant,
  type Environment,
  FreeholdError,
  type OperationId,
  type OperationRequest,
  type OperationResponse,
  operations,
} from '@freehold/contracts'
import * as core from '@freehold/core'
import { invitationMail, type MailContext } from '../mail/invitation-mail.ts'
import type { Mail } from '../mail/mail.ts'
import type { Idempotency } from './idempotency.ts'
import { streamRun } from './stream-run.ts'
import type { WhiteLabel } from './white-label.ts'

export interface HandlerContext {
  request: Request
  /** Aborts when the client is gone or the server shuts down. */
  signal: AbortSignal
  idempotency: Idempotency
  anchors: core.Anchors
  whiteLabel: WhiteLabel
  flags: core.Flags
  /**
   * Sends a mail in the name of a tenant, which is the caller's when none is given, without keeping the request waiting. One
   * that the mail server doesn't take is logged.
   */
  sendMail: (write: (context: MailContext) => Mail, tenantId?: string) => void
}

type Handler<Id extends OperationId> = (
  caller: core.Caller,
  request: OperationRequest<Id>,
  context: HandlerContext,
) => Promise<OperationResponse<Id> | Response>

/** Each operation's verb. */
export const handlers: { [Id in OperationId]: Handler<Id> } = {
  whoami: (caller, _, { whiteLabel }) => core.whoami(caller, whiteLabel.house),

  createTenant(caller, { body }, { idempotency, sendMail, whiteLabel: { ownHosts } }) {
    const id = core.newTenantId(caller, idempotency.key)
    return idempotency.once(async () => {
      const created = await core.createTenant(caller, body, { id, ownHosts })
      mailInvitations(created, sendMail)
      return created
    }, id)
  },
  async applyTenant(caller, { query: { dryRun }, body }, { sendMail, whiteLabel: { ownHosts } }) {
    const applied = await core.applyTenant(caller, body, { dryRun, ownHosts })
    mailInvitations(applied, sendMail)
    return applied
  },
  listTenants: (caller, { query }) => core.listTenants(caller, query),
  getTenant: (caller, { params }) => core.getTenant(caller, params.id),
  suspendTenant: (caller, { params }) => core.suspendTenant(caller, params.id),
  resumeTenant: (caller, { params }) => core.resumeTenant(caller, params.id),
  async exportTenant(caller, { params }, { anchors }) {
    const archive = await core.exportTenant(caller, params.id, anchors)
    return new Response(archive, { headers: { 'content-type': operations.exportTenant.download } })
  },
  importTenant(caller, _, { request, anchors }) {
    const { maxBytes } = operations.importTenant.upload
    return core.importTenant(caller, request.body, anchors, { maxBytes, maxUnpackedBytes: maxBytes * 10 })
  },
  deleteTenant: (caller, { params, body }, { anchors }) => core.deleteTenant(caller, params.id, body, anchors),
  getTenantDeletion: (caller, { params }, { anchors }) => core.getTenantDeletion(caller, params.id, anchors),
  issueTenantKey: (caller, { params, body }, { idempotency }) =>
    idempotency.once(() => core.issueTenantKey(caller, params.id, body), params.id),
  listTenantHealth: (caller, { query }) => core.listTenantHealth(caller, query),
  listPlans: (caller) => core.listPlans(caller),
  putPlan: (caller, { params, body }) => core.putPlan(caller, { name: params.name, ...body }),
  setTenantPlan: (caller, { params, body }) => core.setTenantPlan(caller, params.id, body),
  getLimits: (caller) => core.getLimits(caller),
  getOwnTenant: (caller) => core.getOwnTenant(caller),
  updateOwnTenant: (caller, { body }) => core.updateOwnTenant(caller, body),

  getBranding: (caller) => core.getBranding(caller),
  putBranding: (caller, { body }) => core.putBranding(caller, body),
  putLogo: (caller, { body }) => core.putLogo(caller, body),
  deleteLogo: (caller) => core.deleteLogo(caller),
  claimHost: (caller, { body }, { whiteLabel }) => core.claimHost(caller, body, whiteLabel.ownHosts),
  verifyHost: (caller, _, { whiteLabel }) => core.verifyHost(caller, whiteLabel.resolveTxt),
  releaseHost: (caller) => core.releaseHost(caller),

  createKey: (caller, { body }, { idempotency }) => idempotency.once(() => core.createKey(caller, body)),
  listKeys: (caller, { query }) => core.listKeys(caller, query),
  revokeKey: (caller, { params }) => core.revokeKey(caller, params.id),

  listMembers: (caller, { query }) => core.listMembers(caller, query),
  updateMember: (caller, { params, body }) => core.updateMember(caller, params.id, body),
  removeMember: (caller, { params }) => core.removeMember(caller, params.id),
  createServiceAccount: (caller, { body }, { idempotency }) =>
    idempotency.once(() => core.createServiceAccount(caller, body)),
  startSupport: (caller, { params, body }, { idempotency }) =>
    idempotency.once(() => core.startSupport(caller, params.id, body), params.id),
  createInvitation: (caller, { body }, { idempotency, sendMail }) =>
    idempotency.once(async () => {
      const invitation = await core.createInvitation(caller, body)
      core.afterCommit(() => sendMail((context) => invitationMail(invitation, context)))
      return invitation
    }),
  listInvitations: (caller, { query }) => core.listInvitations(caller, query),
  revokeInvitation: (caller, { params }) => core.revokeInvitation(caller, params.id),
  acceptInvitation: (caller, { body }) => core.acceptInvitation(caller, body),

  createTeam: (caller, { body }, { idempotency }) => idempotency.once(() => core.createTeam(caller, body)),
  listTeams: (caller, { query }) => core.listTeams(caller, query),
  updateTeam: (caller, { params, body }) => core.updateTeam(caller, params.id, body),
  deleteTeam: (caller, { params }) => core.deleteTeam(caller, params.id),
  listTeamMembers: (caller, { params, query }) => core.listTeamMembers(caller, params.id, query),
  putTeamMember: (caller, { params, body }) => core.putTeamMember(caller, params.id, params.person, body),
  removeTeamMember: (caller, { params }) => core.removeTeamMember(caller, params.id, params.person),
  setOwner: (caller, { params, body }) => core.setOwner(caller, params, body),
  listOwners: (caller, { query }) => core.listOwners(caller, query),

  putService: (caller, { params, body }) => core.putService(caller, params.name, body),
  listServices: (caller, { query }) => core.listServices(caller, query),
  getService: (caller, { params }) => core.getService(caller, params.name),
  deleteService: (caller, { params }) => core.deleteService(caller, params.name),
  checkService: (caller, { params, body }) => core.checkService(caller, params.name, body),
  putServiceConsumer: (caller, { params, body }) => core.putServiceConsumer(caller, params, body),
  listServiceConsumers: (caller, { params, query }) => core.listServiceConsumers(caller, params.name, query),
  deleteServiceConsumer: (caller, { params }) => core.deleteServiceConsumer(caller, params),

  createAgent: (caller, { body }, { idempotency }) => idempotency.once(() => core.createAgent(caller, body)),
  listAgents: (caller, { query }) => core.listAgents(caller, query),
  getAgent: (caller, { params }) => core.getAgent(caller, params.name),
  createAgentVersion: (caller, { params, body }, { idempotency }) =>
    idempotency.once(() => core.createAgentVersion(caller, params.name, body)),
  listAgentVersions: (caller, { params, query }) => core.listAgentVersions(caller, params.name, query),
  listAgentSamples: (caller) => core.listAgentSamples(caller),
  listTools: (caller) => core.listTools(caller),

  getRelease: (caller, { params }) => core.getRelease(caller, placeOf(params)),
  setRelease: (caller, { params, body }) => core.setRelease(caller, { ...body, ...placeOf(params) }),
  promoteRelease: (caller, { params, body }) => core.promoteRelease(caller, { ...body, ...placeOf(params) }),
  rollBackRelease: (caller, { params, body }) => core.rollBackRelease(caller, { ...body, ...placeOf(params) }),
  listReleaseHistory: (caller, { params, query }) => core.listReleaseHistory(caller, { ...query, ...placeOf(params) }),
  diffAgentVersions: (caller, { params, query }) => core.diffAgentVersions(caller, params.name, query),
  listReleaseRequests: (caller, { query }) => core.listReleaseRequests(caller, query),
  getReleaseRequest: (caller, { params }) => core.getReleaseRequest(caller, params.id),
  decideReleaseRequest: (caller, { params, body }) => core.decideReleaseRequest(caller, params.id, body),

  async startRun(caller, { params, query, body }, { idempotency, signal }) {
    const { runId } = await idempotency.once(() => core.startRun(caller, { agent: params.name, ...body }))
    return core.waitForRun(caller, runId, query.wait * 1000, signal)
  },
  listRuns: (caller, { query }) => core.listRuns(caller, query),
  getRun: (caller, { params }) => core.getRun(caller, params.id),
  async listRunEvents(caller, { params, query }, { request, signal }) {
    // Nobody would read, or end, the stream of a HEAD request.
    if (request.method === 'HEAD' || !request.headers.get('accept')?.includes('text/event-stream')) {
      return core.listRunEvents(caller, params.id, query)
    }
    if (query.step !== undefined)
      throw new FreeholdError('invalid_request', 'query.step: leave it out, a stream has every step')
    return streamRun(caller, params.id, lastEventId(request) ?? query.after, signal)
  },
  cancelRun: (caller, { params }) => core.cancelRun(caller, params.id),
  redriveRun: (caller, { params }) => core.redriveRun(caller, params.id),
  redriveRuns: (caller, { body }) => core.redriveRuns(caller, body),
  decideRun: (caller, { params, body }) => core.decideRun(caller, params.id, body),

  createSchedule: (caller, { body }, { idempotency }) => idempotency.once(() => core.createSchedule(caller, body)),
  listSchedules: (caller, { query }) => core.listSchedules(caller, query),
  getSchedule: (caller, { params }) => core.getSchedule(caller, params.id),
  updateSchedule: (caller, { params, body }) => core.updateSchedule(caller, params.id, body),
  deleteSchedule: (caller, { params }) => core.deleteSchedule(caller, params.id),
  triggerSchedule: (caller, { params }, { idempotency }) =>
    idempotency.once(() => core.triggerSchedule(caller, params.id)),

  putSecret: (caller, { params, body }) => core.putSecret(caller, params.name, body),
  listSecrets: (caller, { query }) => core.listSecrets(caller, query),
  getSecret: (caller, { params }) => core.getSecret(caller, params.name),
  deleteSecret: (caller, { params }) => core.deleteSecret(caller, params.name),
  putConnection: (caller, { params, body }) => core.putConnection(caller, params.name, body),
  listConnections: (caller, { query }) => core.listConnections(caller, query),
  getConnection: (caller, { params }) => core.getConnection(caller, params.name),
  deleteConnection: (caller, { params }) => core.deleteConnection(caller, params.name),
  rotateDataKey: (caller, { params }) => core.rotateDataKey(caller, params.id),
  rewrapKeys: (caller, { query }) => core.rewrapKeys(caller, query),

  createWebhook: (caller, { body }, { idempotency }) => idempotency.once(() => core.createWebhook(caller, body)),
  listWebhooks: (caller, { query }) => core.listWebhooks(caller, query),
  getWebhook: (caller, { params }) => core.getWebhook(caller, params.id),
  updateWebhook: (caller, { params, body }) => core.updateWebhook(caller, params.id, body),
  deleteWebhook: (caller, { params }) => core.deleteWebhook(caller, params.id),
  testWebhook: (caller, { params }, { idempotency }) => idempotency.once(() => core.testWebhook(caller, params.id)),
  rotateWebhookSecret: (caller, { params }, { idempotency }) =>
    idempotency.once(() => core.rotateWebhookSecret(caller, params.id)),

  getOverview: (caller, { query }) => core.getOverview(caller, query),
  listThreads: (caller, { query }) => core.listThreads(caller, query),
  getThread: (caller, { params }) => core.getThread(caller, params.id),
  listMessages: (caller, { params, query }) => core.listMessages(caller, params.id, query),
  listUsage: (caller, { query }) => core.listUsage(caller, query),
  summarizeUsage: (caller, { query }) => core.summarizeUsage(caller, query),

  putFlag: (caller, { params, query, body }, { flags }) => core.putFlag(caller, { ...params, ...query }, body, flags),
  listFlags: (caller, { query }) => core.listFlags(caller, query),
  getFlag: (caller, { params, query }) => core.getFlag(caller, { ...params, ...query }),
  deleteFlag: (caller, { params, query }) => core.deleteFlag(caller, { ...params, ...query }),
  evaluateFlag: (caller, { params, query, body }, { flags }) =>
    core.evaluateFlag(caller, { ...params, ...query }, body, flags),

  createBudget: (caller, { body }, { idempotency }) => idempotency.once(() => core.createBudget(caller, body)),
  listBudgets: (caller, { query }) => core.listBudgets(caller, query),
  getBudget: (caller, { params }) => core.getBudget(caller, params.id),
  updateBudget: (caller, { params, body }) => core.updateBudget(caller, params.id, body),
  deleteBudget: (caller, { params }) => core.deleteBudget(caller, params.id),
  listApprovals: (caller, { query }) => core.listApprovals(caller, query),
  getApproval: (caller, { params }) => core.getApproval(caller, params.id),
  decideApproval: (caller, { params, body }) => core.decideApproval(caller, params.id, body),

  listAudit: (caller, { query }) => core.listAudit(caller, query),
  exportAudit: (caller, { query }) => core.exportAudit(caller, query),
  listAuditAnchors: (caller, _, { anchors }) => core.listAuditAnchors(caller, anchors),
  pruneAudit: (caller, { params, body }, { anchors }) => core.pruneAudit(caller, params.id, body, anchors),
  verifyAudit: (caller, { query }, { anchors }) => core.verifyAudit(caller, query, anchors),
  getAuditArchive: (caller, _, { anchors }) => core.getAuditArchive(caller, anchors),
}

/** To those who are to own a tenant, once it is there. */
function mailInvitations(
  { id, name, invitations }: Pick<AppliedTenant, 'id' | 'name' | 'invitations'>,
  sendMail: HandlerContext['sendMail'],
): void {
  if (id === null) return
  for (const invitation of invitations) {
    const write = (context: MailContext) => invitationMail({ ...invitation, tenantName: name }, context)
    core.afterCommit(() => sendMail(write, id))
  }
}

function placeOf({ name, environment }: { name: string; environment: Environment }) {
  return { agent: name, environment }
}

function lastEventId(request: Request): number | undefined {
  const header = request.headers.get('last-event-id')
  if (header === null || header === '') return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header)
  throw new FreeholdError('invalid_request', 'Last-Event-ID: must be the id of an event of this stream, a whole number')
}
