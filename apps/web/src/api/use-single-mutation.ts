'use client'

import { type UseMutationOptions, useMutation } from '@tanstack/react-query'
import { useCallback, useRef } from 'react'

/**
 * A mutation that is under way once at the most: the second click of a double click comes before the button is drawn
 * as busy. Who calls it meanwhile gets the answer of the call that is under way.
 */
export function useSingleMutation<T, Input>(options: UseMutationOptions<T, Error, Input>) {
  const mutation = useMutation(options)
  const run = mutation.mutateAsync
  const underWay = useRef<Promise<T>>(undefined)
  const mutateAsync = useCallback<typeof run>(
    (...call) => {
      underWay.current ??= run(...call).finally(() => {
        underWay.current = undefined
      })
      return underWay.current
    },
    [run],
  )
  const mutate = useCallback<typeof mutation.mutate>(
    // What went wrong is in `error`, and told by `onError`.
    (...call) => void mutateAsync(...call).catch(() => undefined),
    [mutateAsync],
  )
  return { ...mutation, mutate, mutateAsync }
}
