export { createModelCaller, type ModelCallerOverrides } from './call-model.ts'
export {
  type CallMeter,
  type CallModel,
  type ChatMessage,
  ModelError,
  type ModelReply,
  type ModelRequest,
  type ToolOffer,
  type UsedCall,
  type WorstCase,
} from './model.ts'
export { type ModelsConfig, modelsConfigFromEnv } from './models-config.ts'
export { costNanos } from './prices.ts'
export { describeModels, resolveDefaultModel } from './providers.ts'
export { createTenantKeys, type TenantKeys, type TenantKeysParts } from './tenant-keys.ts'
