import { z } from 'zod'
import { calculate } from './calculate.ts'
import { currentTime } from './current-time.ts'
import { delegate } from './delegate.ts'
import { httpRequest } from './http-request.ts'
import type { Tool } from './tool.ts'

export const builtInTools: readonly Tool[] = [httpRequest, calculate, currentTime, delegate]

/** A tool as models, MCP and A2A are told of it. */
export interface ToolDescription extends Pick<Tool, 'name' | 'description' | 'risk' | 'idempotent'> {
  inputSchema: z.core.JSONSchema.BaseSchema
}

export interface ToolRegistry {
  get: (name: string) => Tool | undefined
  list: () => readonly Tool[]
  describe: (tool: Tool) => ToolDescription
}

/** The built-in tools and an operator's own. Throws an `Error` when two have one name. */
export function createToolRegistry(extra: readonly Tool[] = []): ToolRegistry {
  const tools = new Map<string, Tool>()
  for (const tool of [...builtInTools, ...extra]) {
    if (tools.has(tool.name)) throw new Error(`Two tools are called "${tool.name}". Rename one of them.`)
    tools.set(tool.name, tool)
  }
  return {
    get: (name) => tools.get(name),
    list: () => [...tools.values()],
    describe: describeTool,
  }
}

function describeTool({ name, description, risk, idempotent, input }: Tool): ToolDescription {
  return { name, description, risk, idempotent, inputSchema: z.toJSONSchema(input, { io: 'input' }) }
}
