import type { Database } from '../db/database.ts'

const batch = 1_000

/** Deletes what idempotency keys of more than 24 hours ago came to. */
export async function forgetRequests(database: Database): Promise<void> {
  for (;;) {
    const [row] = await database.call<{ forgotten: number }>(
      'forget-requests',
      'select door_forget_requests($1) as forgotten',
      [batch],
    )
    if ((row?.forgotten ?? 0) < batch) return
  }
}
