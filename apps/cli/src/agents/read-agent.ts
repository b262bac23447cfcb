import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { wrongUsage } from '../failure.ts'

/** The options of `agents create` and `agents version`. */
export interface AgentOptions {
  system?: string
  model?: string
  tools?: string
  description?: string
  program?: string
  file?: string
}

type Fields = Record<string, unknown>

/** What the server adds to an agent. Left out, so that what `agents show --json` printed can be given back. */
const serverFields = ['version', 'createdAt', 'releases']

/** The configuration that file and options give together, over `base` when there is no file. Not checked yet. */
export async function readAgent(
  name: string,
  options: AgentOptions,
  workingDir: string,
  base: Fields = {},
): Promise<Fields> {
  const given = options.file === undefined ? base : await readAgentFile(resolve(workingDir, options.file))
  const { name: givenName, ...config } = Object.fromEntries(
    Object.entries(given).filter(([field]) => !serverFields.includes(field)),
  )
  if (givenName !== undefined && givenName !== name) {
    throw wrongUsage(`${options.file} describes the agent "${String(givenName)}", not "${name}".`)
  }
  const { system, model, description, program, tools } = options
  return {
    ...config,
    ...(system !== undefined && { prompts: { system } }),
    ...(model !== undefined && { model }),
    ...(description !== undefined && { description }),
    ...(program !== undefined && { program }),
    ...(tools !== undefined && { tools: splitList(tools) }),
  }
}

export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

async function readAgentFile(path: string): Promise<Fields> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (error) {
    throw wrongUsage(`--file: ${path} can't be read as JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  throw wrongUsage(`--file: ${path} holds no JSON object.`)
}
