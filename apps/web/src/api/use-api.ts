'use client'

import type { Client, OperationId, OperationResponse } from '@freehold/contracts'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSession } from '../session/session.tsx'
import { notify } from '../ui/toast.tsx'
import { type InputOf, keyOf, queryOf } from './queries.ts'
import { useSingleMutation } from './use-single-mutation.ts'

interface Asking<Id extends OperationId> {
  /** Asked again after so long, while the page is looked at. */
  everyMs?: number
  /** Whether an answer is the last one worth asking for. */
  until?: (answer: OperationResponse<Id>) => boolean
  enabled?: boolean
}

/** The answer of an operation that reads. A page that was made with it has it at once. */
export function useApi<Id extends OperationId>(
  id: Id,
  input?: InputOf<Id>,
  { everyMs, until = () => false, enabled = true }: Asking<Id> = {},
) {
  const { client, tenant } = useSession()
  return useQuery<OperationResponse<Id>>({
    ...queryOf(client, tenant, id, input),
    enabled,
    placeholderData: keepPreviousData,
    ...(everyMs !== undefined && {
      refetchInterval: ({ state }) => (state.data !== undefined && until(state.data) ? false : everyMs),
    }),
  })
}

interface Acting<Id extends OperationId> {
  /** Operations whose answers it makes untrue. */
  changes: readonly OperationId[]
  /** What to say when it is done. */
  done?: string | ((result: OperationResponse<Id>) => string)
  onDone?: (result: OperationResponse<Id>) => void
  /** For a form, which shows the error beside its fields. */
  quiet?: boolean
}

/** An input that replaces all there is can be made from what others have made of it meanwhile. */
type Given<Id extends OperationId> = InputOf<Id> | ((client: Client) => Promise<InputOf<Id>>)

/** Calls an operation that changes something; what goes wrong is shown with what to do about it. */
export function useAct<Id extends OperationId>(id: Id, { changes, done, onDone, quiet = false }: Acting<Id>) {
  const { client, tenant } = useSession()
  const queries = useQueryClient()
  return useSingleMutation<OperationResponse<Id>, Given<Id>>({
    async mutationFn(given) {
      const call = client[id] as (input: InputOf<Id>) => Promise<OperationResponse<Id>>
      return call(typeof given === 'function' ? await given(client) : given)
    },
    async onSuccess(result) {
      if (done !== undefined) notify.done(typeof done === 'string' ? done : done(result))
      onDone?.(result)
      await Promise.all(changes.map((each) => queries.invalidateQueries({ queryKey: keyOf(tenant, each) })))
    },
    onError: (error) => {
      if (!quiet) notify.failed(error)
    },
  })
}
