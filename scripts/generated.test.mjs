import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test.each([
  ['docs/permissions.md says what the code does', 'generate-permissions.ts'],
  ['the client knows every operation', 'generate-routes.ts'],
])('%s', async (_, script) => {
  const checked = promisify(execFile)(process.execPath, [join(import.meta.dirname, script), '--check'])
  await expect(checked).resolves.toMatchObject({ stderr: '' })
})
