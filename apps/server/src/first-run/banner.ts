import { relative } from 'node:path'
import type { describeModels } from '@freehold/runtime'
import { credentialsPath, type ServerConfig } from '../config.ts'
import type { FirstRun } from './set-up.ts'

/** What a person sees once the platform is ready. */
export function renderBanner(
  config: ServerConfig,
  { credentials, newOwner }: FirstRun,
  models: ReturnType<typeof describeModels>,
  /** Where browsers find it. */
  publicUrl: string,
): string {
  const tenants = Object.keys(credentials.tenants)
  const file = relative(process.cwd(), credentialsPath(config.dataDir)) || credentialsPath(config.dataDir)
  const demo = models.demo ? ' (no provider key found, so a built-in demo model answers)' : ''
  return [
    '',
    `  Freehold is ready at ${credentials.url}`,
    '',
    ...(config.dashboard ? [`  dashboard    ${publicUrl}`] : []),
    `  REST         ${credentials.url}/api/v1/docs`,
    `  tenants      ${tenants.join(', ') || 'none yet'}`,
    `  credentials  ${file}`,
    ...(newOwner ? [`  owner        ${newOwner.email}, password ${newOwner.password} (shown this once)`] : []),
    `  model        ${models.defaultModel}${demo}`,
    `  database     ${config.database.url ? 'PostgreSQL' : `embedded, in ${config.dataDir}`}`,
    '',
    '  Try, in another terminal:',
    '',
    ...(tenants.length > 0
      ? ['    npx freehold run assistant "What is 17% of 2340?"']
      : [
          '    npx freehold tenants create my-team',
          '    npx freehold agents create assistant --tools calculate --tenant my-team',
          '    npx freehold run assistant "What is 17% of 2340?" --tenant my-team',
        ]),
    '',
  ].join('\n')
}
