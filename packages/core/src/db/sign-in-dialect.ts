import { PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import type pg from 'pg'

const enter = 'set role freehold_auth; set search_path = freehold_auth'
// By name: `reset role` leads to the login on the embedded database, whose sessions have no default role.
const leave = 'set role freehold_app; reset search_path'

/**
 * What the sign-in library queries by: connections of the same pool that work as `freehold_auth`, which sees the
 * schema of that name and nothing of a tenant, and that work as `freehold_app` again before anyone else gets them.
 */
export function createSignInDialect(pool: pg.Pool): PostgresDialect {
  // The pool itself is ended by its owner.
  const signInPool = { options: pool.options, connect: () => connect(pool), end: async () => {} }
  return new PostgresDialect({ pool: signInPool as PostgresPool })
}

async function connect(pool: pg.Pool): Promise<PostgresPoolClient> {
  const client = await pool.connect()
  try {
    await client.query(enter)
  } catch (error) {
    await release(client)
    throw isForbidden(error) ? new Error(notAMember, { cause: error }) : error
  }
  return {
    query: client.query.bind(client) as PostgresPoolClient['query'],
    release: () => void release(client),
  }
}

async function release(client: pg.PoolClient): Promise<void> {
  try {
    // Within a transaction that failed nothing else goes.
    await client.query(leave).catch(() => client.query(`rollback; ${leave}`))
    client.release()
  } catch (error) {
    // Nobody may get a connection that is still another role's.
    client.release(error instanceof Error ? error : true)
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42501'
}

const notAMember =
  'The login of DATABASE_URL may not work as freehold_auth, which sign-in needs. Run "grant freehold_auth to <login>".'
