import { connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../failure.ts'
import { followRun } from './follow-run.ts'

/** Shows a run that exists already. Ctrl-C leaves; the run goes on. */
export async function watchRun(context: Context, id: string, after: number): Promise<ExitCode> {
  const client = await connectTenant(context)
  const run = await client.getRun({ params: { id } })
  const leaving = new AbortController()
  const stopListening = context.onInterrupt(() => leaving.abort())
  try {
    return await followRun(context, client, run, { after, quiet: false, signal: leaving.signal })
  } finally {
    stopListening()
  }
}
