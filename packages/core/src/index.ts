export { agentSamples, listAgentSamples } from './agents/agent-samples.ts'
export {
  createAgent,
  createAgentVersion,
  getAgent,
  listAgentVersions,
} from './agents/agents.ts'
export { listAgents } from './agents/list-agents.ts'
export { listTools } from './agents/list-tools.ts'
export { decideApproval, getApproval, listApprovals } from './approvals/approvals.ts'
export { hashArguments, storable } from './approvals/arguments-hash.ts'
export { findInterruption, type Interruption } from './approvals/find-interruption.ts'
export { completeTerms, type EffectiveTerms, findNeededApproval } from './approvals/policy.ts'
export { type SettledApproval, settleApproval } from './approvals/settle-approval.ts'
export { type AnchorStore, type Anchors, createAnchoring, listAuditAnchors } from './audit/anchors.ts'
export { createArchiving } from './audit/archive-chains.ts'
export { getAuditArchive } from './audit/get-audit-archive.ts'
export { exportAudit, listAudit } from './audit/list-entries.ts'
export { pruneAudit } from './audit/prune-audit.ts'
export { verifyAudit } from './audit/verify-audit.ts'
export {
  type Brand,
  brandOf,
  deleteLogo,
  findBranding,
  findLogo,
  getBranding,
  type HouseBrand,
  putBranding,
  putLogo,
} from './branding/branding.ts'
export { checkDueHosts } from './branding/check-hosts.ts'
export { claimHost, findTenantOfHost, releaseHost, verifyHost } from './branding/hosts.ts'
export { createTxtResolver, type ResolveTxt } from './branding/resolve-txt.ts'
export { createBudget, deleteBudget, getBudget, listBudgets, updateBudget } from './budgets/budgets.ts'
export {
  type CallToSettle,
  type Refusal,
  type Reservation,
  reserveCall,
  settleCall,
  settleLostCalls,
} from './budgets/metered-calls.ts'
export { type Bus, type BusMessage, LocalBus } from './bus/bus.ts'
export { PostgresBus } from './bus/postgres-bus.ts'
export { connectRedis, type RedisState } from './bus/redis.ts'
export { RedisBus } from './bus/redis-bus.ts'
export { canonicalJson } from './canonical-json.ts'
export { deleteConnection, getConnection, listConnections, putConnection } from './connections/connections.ts'
export {
  type HttpCredential,
  type ProviderKey,
  readHttpCredential,
  readProviderKey,
} from './connections/use-connection.ts'
export { afterCommit, Database, type DatabaseConfig, openDatabase, type Tx } from './db/database.ts'
export { isDataError } from './db/errors.ts'
export { cleanText } from './db/json.ts'
export { deleteFlag, evaluateFlag, getFlag, listFlags, putFlag } from './flags/flags.ts'
export { type BoundFlags, type Flags, openFlags } from './flags/open-flags.ts'
export { createStoredProvider } from './flags/stored-provider.ts'
export { createUnleashProvider } from './flags/unleash-provider.ts'
export { doOnce, type IdempotentRequest } from './idempotency/do-once.ts'
export { forgetRequests } from './idempotency/forget-requests.ts'
export { createKey, listKeys, revokeKey } from './identity/api-keys.ts'
export { authenticateKey, type Identity, type TeamGrant } from './identity/authenticate-key.ts'
export { authorizeOperation } from './identity/authorize-operation.ts'
export { type Actor, authorize, type Caller } from './identity/caller.ts'
export { isStillAllowed } from './identity/is-still-allowed.ts'
export { generateKey, looksLikeKey } from './identity/keys.ts'
export { registerOperatorKey } from './identity/register-operator-key.ts'
export { whoami } from './identity/whoami.ts'
export { createFolderObjects } from './objects/folder-objects.ts'
export type { ObjectRef, ObjectStore } from './objects/object-store.ts'
export { createS3Objects } from './objects/s3-objects.ts'
export { getOverview } from './overview/get-overview.ts'
export { findInvitation } from './people/find-invitation.ts'
export { identifyPerson } from './people/identify-person.ts'
export {
  acceptInvitation,
  createInvitation,
  isInvited,
  listInvitations,
  revokeInvitation,
} from './people/invitations.ts'
export { listMembers, removeMember, updateMember } from './people/members.ts'
export type { VouchedPerson } from './people/recognize-person.ts'
export { registerOwner } from './people/register-owner.ts'
export { createServiceAccount } from './people/service-accounts.ts'
export { startSupport } from './people/support.ts'
export type { Catalogue, Platform } from './platform.ts'
export { getLimits } from './quotas/get-limits.ts'
export { measureDueStorage } from './quotas/measure-storage.ts'
export { diffAgentVersions } from './releases/diff-versions.ts'
export { type JudgeOptions, judgeCanaries } from './releases/judge-canaries.ts'
export { decideReleaseRequest, getReleaseRequest, listReleaseRequests } from './releases/release-requests.ts'
export { getRelease, listReleaseHistory, promoteRelease, rollBackRelease, setRelease } from './releases/releases.ts'
export { type ChildRun, readChildRun, type StartOutcome, startChildRun } from './runs/child-runs.ts'
export { type ClaimedRun, type ClaimOptions, claimRuns, renewLeases } from './runs/claim-runs.ts'
export { cancelRun, decideRun, redriveRun, redriveRuns } from './runs/control-run.ts'
export {
  type AttemptFailure,
  failAttempt,
  finishRun,
  type RunEnd,
  releaseRun,
  suspendRun,
  type Wait,
} from './runs/end-run.ts'
export { getRun, listRunEvents, listRuns } from './runs/get-run.ts'
export { type Append, appendEvents, appendShared, hasRows, type LeasedAppend, readJournal } from './runs/journal.ts'
export { type Lease, LeaseLostError } from './runs/lease.ts'
export { type StartRunInput, startRun } from './runs/start-run.ts'
export { waitForRun, watchRun } from './runs/watch-run.ts'
export { type FireOptions, fireDueSchedules } from './schedules/fire-schedules.ts'
export {
  createSchedule,
  deleteSchedule,
  getSchedule,
  listSchedules,
  triggerSchedule,
  updateSchedule,
} from './schedules/schedules.ts'
export { createAwsVault } from './secrets/aws-vault.ts'
export { createSecretCipher, type SecretCipher } from './secrets/cipher.ts'
export { createOpenBaoVault } from './secrets/openbao-vault.ts'
export { createPostgresVault } from './secrets/postgres-vault.ts'
export { rewrapKeys, rotateDataKey } from './secrets/rotate-keys.ts'
export { deleteSecret, getSecret, listSecrets, putSecret } from './secrets/secrets.ts'
export { createTransitVault } from './secrets/transit-vault.ts'
export type { SecretRef, StoredValue, Vault } from './secrets/vault.ts'
export { deleteServiceConsumer, listServiceConsumers, putServiceConsumer } from './services/consumers.ts'
export { checkService } from './services/contract-breaks.ts'
export { findServiceRoute, type ServiceRoute } from './services/find-route.ts'
export { deleteService, getService, listServices, putService } from './services/services.ts'
export { startServiceRun } from './services/start-run.ts'
export { listOwners, setOwner } from './teams/owners.ts'
export { listTeamMembers, putTeamMember, removeTeamMember } from './teams/team-members.ts'
export { createTeam, deleteTeam, listTeams, updateTeam } from './teams/teams.ts'
export { applyTenant } from './tenancy/apply-tenant.ts'
export { exportTenant } from './tenancy/archive/export-tenant.ts'
export { importTenant } from './tenancy/archive/import-tenant.ts'
export { createTenant } from './tenancy/create-tenant.ts'
export { deleteTenant, getTenantDeletion } from './tenancy/delete-tenant.ts'
export { listTenantHealth } from './tenancy/list-tenant-health.ts'
export { newTenantId } from './tenancy/new-tenant-id.ts'
export { listPlans, putPlan } from './tenancy/plans.ts'
export {
  getOwnTenant,
  getTenant,
  issueTenantKey,
  listTenants,
  resumeTenant,
  setTenantPlan,
  suspendTenant,
  updateOwnTenant,
} from './tenancy/tenants.ts'
export { type Conversation, readConversation } from './threads/read-conversation.ts'
export { readHistory } from './threads/read-history.ts'
export { getThread, listMessages, listThreads } from './threads/threads.ts'
export { listUsage } from './usage/list-usage.ts'
export { summarizeUsage } from './usage/summarize-usage.ts'
export { toWebStream } from './web-stream.ts'
export { type DeliveryTarget, disableWebhook, readDeliveryTarget } from './webhooks/deliveries.ts'
export {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  rotateWebhookSecret,
  testWebhook,
  updateWebhook,
} from './webhooks/webhooks.ts'
