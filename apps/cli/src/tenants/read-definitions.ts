import { type TenantDefinition, tenantDefinitionSchema } from '@freehold/contracts'
import { parseAllDocuments } from 'yaml'
import { wrongUsage } from '../failure.ts'

/** The tenants that a text of YAML defines: documents with one each, or lists of them. Throws with every problem there is. */
export function readDefinitions(text: string, file: string): TenantDefinition[] {
  const problems: string[] = []
  const documents = parseAllDocuments(text)
  const given = documents.flatMap((document, index) => {
    const place = documents.length > 1 ? `document ${index + 1}` : ''
    problems.push(...document.errors.map(({ message }) => `${file}: ${message.split('\n')[0]}`))
    if (document.errors.length > 0) return []
    const value: unknown = document.toJS()
    if (!Array.isArray(value)) return value === null ? [] : [{ place, value }]
    return value.map((entry: unknown, at) => ({
      place: [place, `tenant ${at + 1}`].filter(Boolean).join(', '),
      value: entry,
    }))
  })
  const definitions = given.flatMap(({ place, value }) => {
    const parsed = tenantDefinitionSchema.safeParse(value)
    if (parsed.success) return [parsed.data]
    const where = [file, place].filter(Boolean).join(', ')
    problems.push(
      ...parsed.error.issues.map(
        ({ path, message }) => `${where}: ${[path.map(String).join('.'), message].filter(Boolean).join(': ')}`,
      ),
    )
    return []
  })
  const names = definitions.map(({ name }) => name)
  problems.push(
    ...names.filter((name, index) => names.indexOf(name) < index).map((name) => `${file}: "${name}" is defined twice`),
  )
  if (problems.length > 0) throw wrongUsage(problems.join('\n  '))
  if (definitions.length === 0) throw wrongUsage(`${file} defines no tenant.`)
  return definitions
}
