export { builtInTools, createToolRegistry, type ToolRegistry } from './registry.ts'
export {
  callTool,
  defineTool,
  type HandlerTool,
  parseToolInput,
  type Tool,
  type ToolContext,
  ToolError,
} from './tool.ts'
