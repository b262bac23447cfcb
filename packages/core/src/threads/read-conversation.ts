import type { Message } from '@freehold/contracts'
import { authorize, type Caller } from '../identity/caller.ts'
import { presentMessage } from './threads.ts'

/** What is read of a conversation, so that a long one can be shown too. */
const newestMessages = 500

export interface Conversation {
  /** What was said before the last run, and what that run was asked. Oldest first. */
  messages: Message[]
  /** What it says is in its journal. Undefined while nobody has asked anything. */
  lastRun: { id: string; lastSeq: number } | undefined
}

/** Where a conversation stands: its messages, and the run that says the rest. One that nobody began is empty. */
export async function readConversation(caller: Caller, threadId: string): Promise<Conversation> {
  authorize(caller, 'threads:read')
  authorize(caller, 'runs:read')
  return caller.platform.database.withTenant(caller, async (tx) => {
    // Before the messages: those of a run that ends meanwhile are told by its journal.
    const last = await tx
      .selectFrom('agent_runs')
      .innerJoin('run_heads', 'run_heads.run_id', 'agent_runs.id')
      .select(['agent_runs.id', 'run_heads.last_seq'])
      .where('thread_id', '=', threadId)
      .orderBy('agent_runs.id', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (!last) return { messages: [], lastRun: undefined }
    const rows = await tx
      .selectFrom('messages')
      .selectAll()
      .where('thread_id', '=', threadId)
      .where((eb) => eb.or([eb('role', '=', 'user'), eb('run_id', 'is distinct from', last.id)]))
      .orderBy('seq', 'desc')
      .limit(newestMessages)
      .execute()
    return { messages: rows.reverse().map(presentMessage), lastRun: { id: last.id, lastSeq: last.last_seq } }
  })
}
