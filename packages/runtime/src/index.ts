export { type EgressRule, findRefusal, parseEgressAllow } from './egress/index.ts'
export {
  type CallModel,
  type ChatMessage,
  createModelCaller,
  createTenantKeys,
  describeModels,
  ModelError,
  type ModelReply,
  type ModelRequest,
  type ModelsConfig,
  modelsConfigFromEnv,
  type TenantKeys,
  type TenantKeysParts,
} from './models/index.ts'
export { assistant } from './programs/assistant.ts'
export { defineGraph, planRouteAnswer } from './programs/graph.ts'
export type { Engine, Logger } from './runs/engine.ts'
export { RunFailure } from './runs/outcomes.ts'
export { defineProgram, type Program, type ProgramRun } from './runs/program.ts'
export { Worker, type WorkerOptions } from './runs/worker.ts'
export { Scheduler, type SchedulerOptions } from './schedules/scheduler.ts'
export {
  type CallUpstream,
  type CallUpstreamParts,
  createUpstreamCaller,
  type ServerRoute,
  type ServiceCall,
} from './services/call-upstream.ts'
export {
  createToolRegistry,
  defineTool,
  type Tool,
  type ToolContext,
  ToolError,
  type ToolRegistry,
} from './tools/index.ts'
export { createWebhookDelivery, type WebhookDeliveryParts, webhookDeliveryName } from './webhooks/deliver-webhook.ts'
