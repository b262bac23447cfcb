export { createModelCaller, type ModelCallerOverrides } from './call-model.ts'
export {
  type CallModel,
  type ChatMessage,
  ModelError,
  type ModelReply,
  type ModelRequest,
  type ToolOffer,
} from './model.ts'
export {
  type CompatibleServer,
  type ModelsConfig,
  modelsConfigFromEnv,
  type ProviderAccess,
} from './models-config.ts'
export { costNanos } from './prices.ts'
export { describeModels, type ModelsDescription, resolveDefaultModel } from './providers.ts'
