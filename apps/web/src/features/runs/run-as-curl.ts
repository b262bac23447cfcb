import type { Run } from '@freehold/contracts'

/** The command that starts the same over the API. The key is for the reader to put in. */
export function runAsCurl(origin: string, run: Run): string {
  const body = {
    message: run.message,
    ...(run.environment !== 'production' && { environment: run.environment }),
    ...(run.environment === 'development' && { version: run.version }),
    ...(run.priority !== 'normal' && { priority: run.priority }),
    ...(run.user !== null && { user: run.user }),
    ...(Object.keys(run.metadata).length > 0 && { metadata: run.metadata }),
  }
  return [
    `curl -X POST ${quote(`${origin}/api/v1/agents/${encodeURIComponent(run.agent)}/runs`)}`,
    '-H "Authorization: Bearer $API_KEY"',
    "-H 'Content-Type: application/json'",
    `-d ${quote(JSON.stringify(body))}`,
  ].join(' \\\n  ')
}

/** As one word for a shell, whatever it holds. */
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
