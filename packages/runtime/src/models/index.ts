export { createModelCaller, type ModelCallerOverrides } from './call-model.ts'
export {
  type CallModel,
  type ChatMessage,
  ModelError,
  type ModelReply,
  type ModelRequest,
  type ToolOffer,
} from './model.ts'
export { type ModelsConfig, modelsConfigFromEnv } from './models-config.ts'
export { costNanos } from './prices.ts'
export { describeModels, resolveDefaultModel } from './providers.ts'
