'use client'

import { type ReactNode, useRef } from 'react'
import { Button } from './button.tsx'

interface FileButtonProps {
  /** Kinds of files, as the browser takes them. */
  accept: string
  busy?: boolean
  onFile: (file: File) => void
  children: ReactNode
}

/** A button that asks for a file. The same one can be chosen twice. */
export function FileButton({ accept, busy = false, onFile, children }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        onChange={({ target }) => {
          const [file] = target.files ?? []
          target.value = ''
          if (file) onFile(file)
        }}
      />
      <Button busy={busy} onClick={() => input.current?.click()}>
        {children}
      </Button>
    </>
  )
}
