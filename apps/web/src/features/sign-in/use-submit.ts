'use client'

import { type FormEvent, useState } from 'react'
import { describeError } from '../../ui/describe-error.ts'

/** A form that is sent to sign-in, and then goes on to another page or gives way to something else. */
export function useSubmit(submit: (form: FormData) => Promise<unknown>) {
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const run = async (form: FormData) => {
    setBusy(true)
    setError(undefined)
    try {
      await submit(form)
    } catch (failure) {
      setError(describeError(failure).next)
      setBusy(false)
    }
  }
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    void run(new FormData(event.currentTarget))
  }
  return { error, busy, onSubmit, fail: setError }
}
