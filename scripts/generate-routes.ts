// Writes packages/contracts/src/routes.gen.ts: what the client knows of each operation. With --check it only says whether it
// is current.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Operation, operations } from '@freehold/contracts'

const path = join(import.meta.dirname, '../packages/contracts/src/routes.gen.ts')

const routes = Object.entries<Operation>(operations).map(([id, { method, path, idempotency, upload, download }]) => {
  const route = { method, path, idempotency, upload, download }
  return `  ${id}: ${JSON.stringify(route)},`
})
const text = `// Generated: npm run generate\nexport const routes = {\n${routes.join('\n')}\n} as const\n`

if (process.argv.includes('--check')) {
  const before = await readFile(path, 'utf8')
  if (text !== before) throw new Error('packages/contracts/src/routes.gen.ts is not current: run "npm run generate".')
} else {
  await writeFile(path, text)
}
