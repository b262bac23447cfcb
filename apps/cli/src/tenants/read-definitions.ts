import { resolve } from 'node:path'
import { type TenantDefinition, tenantDefinitionSchema } from '@freehold/contracts'
import { type Document, parseAllDocuments } from 'yaml'
import { readLogo } from '../branding/read-logo.ts'
import { wrongUsage } from '../failure.ts'

interface Given {
  place: string
  value: unknown
}

/**
 * The tenants that a text of YAML defines: documents with one each, or lists of them. A logo is the path of a file, from
 * `folder`. Throws with every problem there is.
 */
export async function readDefinitions(text: string, file: string, folder: string): Promise<TenantDefinition[]> {
  const problems: string[] = []
  const definitions: TenantDefinition[] = []
  for (const { place, value } of readDocuments(text, file, problems)) {
    const where = [file, place].filter(Boolean).join(', ')
    const { filled, problem } = await fillLogo(value, folder)
    if (problem) problems.push(`${where}: ${problem}`)
    const parsed = tenantDefinitionSchema.safeParse(filled)
    if (parsed.success) definitions.push(parsed.data)
    else {
      problems.push(
        ...parsed.error.issues.map(
          ({ path, message }) => `${where}: ${[path.map(String).join('.'), message].filter(Boolean).join(': ')}`,
        ),
      )
    }
  }
  const names = definitions.map(({ name }) => name)
  problems.push(
    ...names.filter((name, index) => names.indexOf(name) < index).map((name) => `${file}: "${name}" is defined twice`),
  )
  if (problems.length > 0) throw wrongUsage(problems.join('\n  '))
  if (definitions.length === 0) throw wrongUsage(`${file} defines no tenant.`)
  return definitions
}

function readDocuments(text: string, file: string, problems: string[]): Given[] {
  const documents = parseAllDocuments(text)
  return documents.flatMap((document, index) => {
    const place = documents.length > 1 ? `document ${index + 1}` : ''
    // A tag that nobody knows is only a warning to the parser, and would be lost.
    const mistakes = [...document.errors, ...document.warnings]
    problems.push(...mistakes.map(({ message }) => `${file}: ${message.split('\n')[0]}`))
    if (mistakes.length > 0) return []
    const value = toValue(document, [file, place].filter(Boolean).join(', '))
    if (!Array.isArray(value)) return value === null ? [] : [{ place, value }]
    return value.map((entry: unknown, at) => ({
      place: [place, `tenant ${at + 1}`].filter(Boolean).join(', '),
      value: entry,
    }))
  })
}

/** Refuses aliases that would expand to more than there is room for. */
function toValue(document: Document.Parsed, where: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw wrongUsage(`${where}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** With the file itself where the path of a logo is. */
async function fillLogo(value: unknown, folder: string): Promise<{ filled: unknown; problem?: string }> {
  if (!isRecord(value) || !isRecord(value.branding)) return { filled: value }
  const { logo, ...look } = value.branding
  if (typeof logo !== 'string') return { filled: value }
  const without = { ...value, branding: look }
  try {
    return { filled: { ...without, branding: { ...look, logo: await readLogo(resolve(folder, logo)) } } }
  } catch (error) {
    return { filled: without, problem: `branding.logo: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
