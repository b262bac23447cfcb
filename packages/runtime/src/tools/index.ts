export { builtInTools, createToolRegistry, type ToolDescription, type ToolRegistry } from './registry.ts'
export {
  callTool,
  defineTool,
  type EngineTool,
  type HandlerTool,
  parseToolInput,
  type Tool,
  type ToolContext,
  ToolError,
} from './tool.ts'
