// Writes the table of docs/permissions.md from the lists that decide. With --check it only says whether the table is current.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  environmentPermissions,
  type Operation,
  operations,
  rolePermissions,
  teamPermissions,
  tenantPermissions,
  tenantRoles,
} from '@freehold/contracts'

const path = join(import.meta.dirname, '../docs/permissions.md')
const [begin, end] = ['<!-- generated: npm run generate -->', '<!-- end -->']

function renderTable(): string {
  const routesOf = (permission: string) =>
    Object.values<Operation>(operations)
      .filter((operation) => operation.permission === permission)
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
  const mark = (yes: boolean) => (yes ? '✓' : '')
  const rows = tenantPermissions.map((permission) => [
    `\`${permission}\``,
    ...tenantRoles.map((role) => mark(rolePermissions[role].includes(permission))),
    mark(teamPermissions.includes(permission)),
    mark(environmentPermissions.includes(permission)),
    routesOf(permission)
      .map((route) => `\`${route}\``)
      .join('<br>'),
  ])
  const titles = ['permission', ...tenantRoles, 'in a team', 'bound key', 'routes below `/api/v1`']
  const lines = [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return lines.join('\n')
}

const before = await readFile(path, 'utf8')
const [start, , rest] = before.split(new RegExp(`${begin}[^]*?(${end})`))
if (rest === undefined) throw new Error(`${path} has lost the marks "${begin}" and "${end}".`)
const after = `${start}${begin}\n\n${renderTable()}\n\n${end}${rest}`
if (process.argv.includes('--check')) {
  if (after !== before) throw new Error('docs/permissions.md is not current: run "npm run generate".')
} else {
  await writeFile(path, after)
}
