'use client'

import { useEffect, useRef, useState } from 'react'
import { describeError } from '../../ui/describe-error.ts'
import { AuthError } from './auth-client.ts'
import { canFillIn, hasPasskeys, signInWithPasskey, wasCancelled } from './passkey.ts'

/** Shorter than what a challenge of the server is good for. */
const challengeMs = 240_000

/** Signs in by a passkey: from the list that opens under the address, or by `choose`. Goes on to `done`. */
export function usePasskeySignIn(done: () => void, fail: (message: string) => void) {
  // Most browsers have them, so the page begins with the button and keeps its layout.
  const [isOffered, setOffered] = useState(true)
  const [round, setRound] = useState(0)
  const waiting = useRef<AbortController>(undefined)

  // biome-ignore lint/correctness/useExhaustiveDependencies: each round asks for a challenge that is good anew
  useEffect(() => {
    setOffered(hasPasskeys())
    const controller = new AbortController()
    waiting.current = controller
    const timer = setTimeout(() => setRound((before) => before + 1), challengeMs)
    const fillIn = async () => {
      if (!(await canFillIn()) || controller.signal.aborted) return
      await signInWithPasskey(controller.signal, 'conditional')
      done()
    }
    fillIn().catch((error: unknown) => {
      // What a browser can't do by itself nobody asked for; what the platform refused of a chosen passkey, somebody did.
      if (error instanceof AuthError && !controller.signal.aborted) fail(describeError(error).next)
    })
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [round])

  const choose = async () => {
    // The browser waits for one passkey at a time.
    waiting.current?.abort()
    try {
      await signInWithPasskey(new AbortController().signal, 'optional')
      done()
    } catch (error) {
      if (!wasCancelled(error)) fail(describeError(error).next)
      setRound((before) => before + 1)
    }
  }
  return { isOffered, choose: () => void choose() }
}
