export {
  type Agent,
  type AgentConfig,
  type AgentLimits,
  type AgentSample,
  type AgentSummary,
  type AgentVersion,
  agentConfigSchema,
  agentLimitsSchema,
  agentNameSchema,
  type CreateAgentVersion,
  createAgentSchema,
  type Tool,
} from './agents.ts'
export {
  type Approval,
  type ApprovalPolicy,
  type ApprovalSummary,
  type ApprovalTerms,
  approvalPolicySchema,
  approvalTermsSchema,
  type BudgetRaise,
  budgetRaiseSchema,
  type DecideApproval,
  decideApprovalSchema,
} from './approvals.ts'
export {
  type ArchiveVerification,
  type AuditAnchor,
  type AuditAnchors,
  type AuditArchiveStatus,
  type AuditCheckpoint,
  type AuditEntry,
  type AuditPruning,
  type AuditVerification,
  auditAnchorSchema,
  auditCheckpointSchema,
  auditEntrySchema,
  type PruneAudit,
} from './audit.ts'
export type { AuditAction } from './audit-actions.ts'
export type {
  Branding,
  ChangeBranding,
  ClaimHost,
  CustomHost,
  PublicBranding,
  PutBranding,
  PutLogo,
} from './branding.ts'
export { claimHostSchema, publicBrandingSchema, putBrandingSchema } from './branding.ts'
export {
  type Budget,
  type BudgetWindow,
  budgetPeriods,
  budgetScopeKinds,
  type CreateBudget,
  createBudgetSchema,
  type UpdateBudget,
  updateBudgetSchema,
} from './budgets.ts'
export { type Client, type ClientOptions, createClient } from './client.ts'
export { type Connection, type PutConnection, putConnectionSchema } from './connections.ts'
export { contrastOf } from './contrast.ts'
export { countDecimals, dollarDecimals, priceDecimals } from './decimals.ts'
export {
  type DeleteTenant,
  type DeletionCertificate,
  deletionCertificateSchema,
  type TenantDeletion,
} from './deletion.ts'
export { type Environment, environmentSchema } from './environments.ts'
export { type ErrorCode, type FieldProblem, FreeholdError, type RunFailureCode } from './errors.ts'
export {
  type EventData,
  type InDoubtDecision,
  inDoubtOptions,
  isTerminalEvent,
  type NewRunEvent,
  type RunError,
  type RunEvent,
  type RunEventType,
  type TextDelta,
  type ToolCall,
  type Usage,
} from './events.ts'
export {
  type EvaluateFlag,
  evaluateFlagSchema,
  type Flag,
  type FlagEvaluation,
  type PutFlag,
  putFlagSchema,
} from './flags.ts'
export { idempotencyKeySchema } from './idempotency.ts'
export {
  type Limits,
  type Quota,
  type Quotas,
  type Rate,
  type RateLimits,
  rateLimitsSchema,
} from './limits.ts'
export {
  type AppliedTenant,
  createTenantSchema,
  type ImportedTenant,
  type OnboardedTenant,
  type TenantChange,
  type TenantDefinition,
  tenantDefinitionSchema,
} from './onboarding.ts'
export { buildOpenApiDocument } from './openapi.ts'
export type { Operation, Page } from './operation.ts'
export {
  type OperationId,
  type OperationRequest,
  type OperationResponse,
  operationIds,
  operations,
} from './operations.ts'
export type {
  AgentFigures,
  NearBudget,
  Overview,
  OverviewQuery,
  RecentChange,
  RunFigures,
} from './overview.ts'
export {
  type ChangedMember,
  type CreatedInvitation,
  type CreateInvitation,
  type CreateServiceAccount,
  createInvitationSchema,
  createServiceAccountSchema,
  type Invitation,
  type Member,
  type StartSupport,
  updateMemberSchema,
} from './people.ts'
export {
  environmentPermissions,
  type Permission,
  type PlatformPermission,
  type PlatformRole,
  permissions,
  permissionsOf,
  platformPermissions,
  platformRolePermissions,
  platformRoles,
  rolePermissions,
  type TenantPermission,
  type TenantRole,
  teamPermissions,
  tenantPermissions,
  tenantRoles,
} from './permissions.ts'
export { toPlainText } from './plain-text.ts'
export {
  type IsolationTier,
  isolationTiers,
  type NewPlan,
  type Plan,
  planNameSchema,
  planSchema,
  putPlanSchema,
} from './plans.ts'
export type { TenantHealth } from './platform.ts'
export { findSchemaProblem, fromZodError, type Problem, problemSchema, toProblem } from './problem.ts'
export {
  type AskedCanary,
  type CanaryRules,
  canaryRulesSchema,
  type DecideRelease,
  decideReleaseSchema,
  type PromoteRelease,
  type Promotion,
  promoteReleaseSchema,
  type Release,
  type ReleaseEntry,
  type ReleaseEvidence,
  type ReleaseRequest,
  type ReleaseTrial,
  type RollBackRelease,
  rollBackReleaseSchema,
  type SetRelease,
  setReleaseSchema,
  type VersionDiff,
} from './releases.ts'
export { isReservedServiceName, readServicePath } from './reserved-names.ts'
export { isTerminalStatus, type RunStatus } from './run-status.ts'
export {
  decideSchema,
  type FailedAttempt,
  type ListRuns,
  type ListThreads,
  type Message,
  type RedrivenRuns,
  type RedriveRuns,
  type Run,
  type RunPriority,
  type RunSummary,
  redriveRunsSchema,
  runPriorities,
  type StartRun,
  type StepSummary,
  startRunSchema,
  type Thread,
  threadIdSchema,
  type UsageRecord,
} from './runs.ts'
export {
  type CreateSchedule,
  createScheduleSchema,
  type Schedule,
  type UpdateSchedule,
  updateScheduleSchema,
} from './schedules.ts'
export { type PutSecret, putSecretSchema, type Secret, secretNameSchema } from './secrets.ts'
export {
  type Contract,
  type ContractCheck,
  type ContractUse,
  checkContractSchema,
  contractUseSchema,
  type PutConsumer,
  type PutService,
  putConsumerSchema,
  putServiceSchema,
  type Service,
  type ServiceConsumer,
  type ServiceSummary,
  serviceNameSchema,
  type Upstream,
  upstreamSchema,
} from './services.ts'
export {
  type PublicInvitation,
  type PublicSignIn,
  publicInvitationSchema,
  publicSignInSchema,
} from './sign-in.ts'
export {
  type CreateTeam,
  type Ownership,
  type OwnResource,
  ownedKindSchema,
  putTeamMemberSchema,
  type Team,
  type TeamMember,
} from './teams.ts'
export {
  type ApiKey,
  actorKinds,
  type CreatedApiKey,
  createKeySchema,
  idSchema,
  type Membership,
  newTenantNameSchema,
  setTenantPlanSchema,
  type TeamMembership,
  type Tenant,
  tenantNameSchema,
  type UpdateTenant,
  updateTenantSchema,
  type Whoami,
} from './tenants.ts'
export type { SummarizeUsage, UsageGroup, UsageSummary } from './usage.ts'
export type { WatchOptions } from './watch-journal.ts'
export type { WebhookEvent } from './webhook-events.ts'
export {
  type CreateWebhook,
  createWebhookSchema,
  type UpdateWebhook,
  type Webhook,
  type WebhookWithSecret,
} from './webhooks.ts'
