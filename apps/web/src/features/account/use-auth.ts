'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSingleMutation } from '../../api/use-single-mutation.ts'
import { describeError } from '../../ui/describe-error.ts'
import { notify } from '../../ui/toast.tsx'
import { callAuth } from '../sign-in/auth-client.ts'

const key = (path: string) => ['account', path]

/** What a route of sign-in tells about whoever is signed in; `T` is what it answers. */
export function useAuth<T>(path: string) {
  return useQuery({ queryKey: key(path), queryFn: () => callAuth<T>(path), retry: false })
}

interface Acting<T> {
  /** Routes whose answers it makes untrue. */
  changes?: readonly string[]
  /** What to say when it is done. */
  done?: string
  onDone?: (answer: T) => void
  /** For a form, which shows the error itself. */
  quiet?: boolean
}

/** Changes something about whoever is signed in. `problem` says in words for a person why it could not. */
export function useAuthAct<Input, T = unknown>(
  act: (input: Input) => Promise<T>,
  { changes = [], done, onDone, quiet = false }: Acting<T>,
) {
  const queries = useQueryClient()
  const mutation = useSingleMutation<T, Input>({
    mutationFn: act,
    async onSuccess(answer) {
      if (done !== undefined) notify.done(done)
      onDone?.(answer)
      await Promise.all(changes.map((path) => queries.invalidateQueries({ queryKey: key(path) })))
    },
    onError: (error) => {
      if (!quiet) notify.failed(error)
    },
  })
  return { ...mutation, problem: mutation.error ? describeError(mutation.error).next : undefined }
}
