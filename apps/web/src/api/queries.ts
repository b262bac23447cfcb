import type { Client, OperationId, OperationResponse } from '@freehold/contracts'

/** What an operation is called with, such as `{ params: { id } }`. */
export type InputOf<Id extends OperationId> = Parameters<Client[Id]>[0]

/** A question to the API, and the name under which its answer is kept. */
export interface Query<Id extends OperationId> {
  queryKey: readonly unknown[]
  queryFn: (context: { signal: AbortSignal }) => Promise<OperationResponse<Id>>
}

/** The same on the server, where a page is made, and in the browser, which takes over the answers. */
export function queryOf<Id extends OperationId>(
  client: Client,
  tenant: string,
  id: Id,
  input?: InputOf<Id>,
): Query<Id> {
  return {
    queryKey: [tenant, id, input ?? {}],
    // Each method takes its own input, which `InputOf` ties to the id.
    queryFn: ({ signal }) => (client[id] as (input: object) => Promise<OperationResponse<Id>>)({ ...input, signal }),
  }
}

/** Everything that was asked by an operation, whatever it was asked with. */
export function keyOf(tenant: string, id: OperationId): readonly unknown[] {
  return [tenant, id]
}
