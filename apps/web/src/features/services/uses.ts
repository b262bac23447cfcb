import type { ContractUse } from '@freehold/contracts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** As «GET /orders/{id} total customer.name», or as «skill triage». */
export function describeUse(use: ContractUse): string {
  if ('skill' in use) return `skill ${use.skill}`
  return [use.method, use.path, ...(use.fields ?? [])].join(' ')
}

/** The reverse. What it can't read is undefined. */
export function parseUse(line: string): ContractUse | undefined {
  const [first = '', second = '', ...fields] = line.trim().split(/[\s,]+/)
  if (first.toLowerCase() === 'skill' && second !== '') return { skill: second }
  const method = methods.find((each) => each === first.toUpperCase())
  if (!method || !second.startsWith('/')) return undefined
  return { method, path: second, ...(fields.length > 0 && { fields }) }
}
