'use client'

import { type FormEvent, useRef, useState } from 'react'
import { describeError } from '../../ui/describe-error.ts'

/** A form that is sent to sign-in, and then goes on to another page or gives way to something else. */
export function useSubmit(submit: (form: FormData) => Promise<unknown>) {
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  // The second click of a double click comes before the button is drawn as busy.
  const underWay = useRef(false)
  const run = async (form: FormData) => {
    if (underWay.current) return
    underWay.current = true
    setBusy(true)
    setError(undefined)
    try {
      await submit(form)
    } catch (failure) {
      setError(describeError(failure).next)
      setBusy(false)
      underWay.current = false
    }
  }
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    void run(new FormData(event.currentTarget))
  }
  return { error, busy, onSubmit, fail: setError }
}
