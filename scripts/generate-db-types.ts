// Writes packages/core/src/db/schema.gen.ts from the real schema: migrates an empty PostgreSQL and reads its catalogue.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { startPostgres } from '@freehold/testkit'

const root = join(import.meta.dirname, '..')
const server = await startPostgres()
try {
  const url = await server.createDatabase({ migrate: true })
  execFileSync(
    join(root, 'node_modules/.bin/kysely-codegen'),
    [
      ...[
        '--dialect',
        'postgres',
        '--url',
        url,
        '--exclude-pattern',
        '{public.schema_migrations,schema_migrations,freehold_auth.*}',
      ],
      ...['--type-mapping', JSON.stringify({ int8: 'number' })],
      ...['--out-file', join(root, 'packages/core/src/db/schema.gen.ts')],
      ...(process.argv.includes('--verify') ? ['--verify'] : []),
    ],
    { stdio: 'inherit' },
  )
} finally {
  await server.stop()
}
