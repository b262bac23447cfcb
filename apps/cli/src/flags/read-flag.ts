import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Flag, type PutFlag, putFlagSchema } from '@freehold/contracts'
import { parseInput, wrongUsage } from '../failure.ts'

export interface FlagChanges {
  on?: boolean
  off?: boolean
  percent?: string
  file?: string
}

/** The flag that a file, or else the present one, and the options give together. A new one is a boolean that is on. */
export async function readFlag(
  { on, off, percent, file }: FlagChanges,
  workingDir: string,
  present: Flag | undefined,
): Promise<PutFlag> {
  if (file !== undefined && percent !== undefined) throw wrongUsage('Give --percent or --file, and not both.')
  if (on && off) throw wrongUsage('Give --on or --off, and not both.')
  if (present && !on && !off && percent === undefined) {
    throw wrongUsage(
      `The flag "${present.name}" is there already. Say what to change: --on, --off, --percent or --file.`,
    )
  }
  if (present && percent !== undefined && !isSwitch(present)) {
    throw wrongUsage(`--percent: "${present.name}" has other variants than on and off. Change its shares with --file.`)
  }
  const base = file === undefined ? changeable(present) : await readJsonFile(resolve(workingDir, file))
  return parseInput(putFlagSchema, {
    ...base,
    ...(percent !== undefined && { serve: sharesOf(percent), enabled: true }),
    ...(on && { enabled: true }),
    ...(off && { enabled: false }),
  })
}

function isSwitch({ type, variants }: Flag): boolean {
  return type === 'boolean' && variants.on === true && variants.off === false
}

function changeable(flag: Flag | undefined): Partial<PutFlag> {
  if (!flag) return {}
  const { type, description, enabled, variants, rules, serve } = flag
  return { type, description, enabled, variants, rules, serve }
}

function sharesOf(percent: string): PutFlag['serve'] {
  const share = Number(percent)
  if (!(share >= 0 && share <= 100) || percent.trim() === '')
    throw wrongUsage(`--percent: "${percent}" is no share. Give a number from 0 to 100.`)
  return [
    { variant: 'on', percent: share },
    { variant: 'off', percent: 100 - share },
  ]
}

async function readJsonFile(path: string): Promise<object> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof value === 'object' && value !== null) return value
  } catch (error) {
    throw wrongUsage(`--file: can't read ${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
  throw wrongUsage(`--file: ${path} holds no JSON object.`)
}
