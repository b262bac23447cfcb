'use client'

import { ArrowUp, Square } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { Button } from '../../ui/button.tsx'

interface ComposerProps {
  /** Undefined for who may not. */
  ask: ((text: string) => void) | undefined
  /** Not to be asked yet: what is sent meanwhile goes as soon as it can. */
  isLoading: boolean
  isBusy: boolean
  /** Whether it is busy waiting for people. */
  isWaiting: boolean
  /** Cancels the run; undefined where there is none, and for who may not. */
  stop: (() => void) | undefined
}

export function Composer({ ask, isLoading, isBusy, isWaiting, stop }: ComposerProps) {
  const [text, setText] = useState('')
  const [isDue, setDue] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (!isDue || isLoading || isBusy) return
    setDue(false)
    form.current?.requestSubmit()
  }, [isDue, isLoading, isBusy])
  if (!ask) {
    return (
      <p className="border-t border-line px-4 py-4 text-center text-soft">
        You can read conversations here, but not ask anything. Ask an admin for the role “operator”.
      </p>
    )
  }
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (isBusy || text.trim() === '') return
    if (isLoading) return setDue(true)
    ask(text.trim())
    setText('')
  }
  const onKey = (event: KeyboardEvent) => {
    // Whoever composes a character by several keys means that with Enter.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    form.current?.requestSubmit()
  }
  return (
    <form ref={form} onSubmit={send} className="mx-auto w-full max-w-3xl shrink-0 px-4 pt-2 pb-3">
      <div className="flex items-end gap-2 rounded-xl border border-line-strong bg-surface p-2 focus-within:border-accent">
        <textarea
          // biome-ignore lint/a11y/noAutofocus: to write is what the page is for
          autoFocus
          aria-label="Message"
          placeholder={isWaiting ? 'Waiting for an approval' : 'Ask something'}
          value={text}
          rows={1}
          maxLength={200_000}
          onChange={(event) => {
            setDue(false)
            setText(event.target.value)
          }}
          onKeyDown={onKey}
          className="field-sizing-content max-h-48 min-h-8 w-full resize-none bg-transparent px-1.5 py-1.5 leading-snug outline-none placeholder:text-faint"
        />
        {stop ? (
          <Button size="icon" aria-label="Stop" title="Stop (Esc)" onClick={stop}>
            <Square className="fill-current" />
          </Button>
        ) : (
          <Button
            type="submit"
            kind="primary"
            size="icon"
            aria-label="Send"
            title="Send (Enter)"
            busy={isDue}
            disabled={isBusy || text.trim() === ''}
          >
            <ArrowUp />
          </Button>
        )}
      </div>
      <p className="mt-1.5 hidden text-center text-xs text-faint sm:block">
        Enter sends, Shift+Enter begins a line, Esc stops. Agents make mistakes: check what matters.
      </p>
    </form>
  )
}
