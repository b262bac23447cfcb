import type pg from 'pg'

/** Counts what a node-postgres driver sends from now on. */
export function countStatements({ Client }: typeof pg): () => number {
  let sent = 0
  const { query } = Client.prototype
  // The driver overloads `query`; all that matters here is that each call is one statement.
  Client.prototype.query = function counted(this: pg.Client, ...args: unknown[]) {
    sent += 1
    return Reflect.apply(query, this, args)
  } as typeof query
  return () => sent
}
