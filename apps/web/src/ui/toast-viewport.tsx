'use client'

import { Toast } from '@base-ui/react/toast'
import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { useEffect } from 'react'

export interface Notice {
  kind: 'done' | 'failed'
  title: string
  description?: string
}

const toasts = Toast.createToastManager()

// The manager forgets what is said before anything listens, as the first notice of a page is.
const early: Notice[] = []
let isMounted = false

export function showNotice(notice: Notice): void {
  if (isMounted) add(notice)
  else early.push(notice)
}

function add({ kind, title, description }: Notice): void {
  const isError = kind === 'failed'
  toasts.add({ title, description, type: kind, timeout: isError ? 12_000 : 4_000, priority: isError ? 'high' : 'low' })
}

export function ToastViewport() {
  // Runs after the effect by which the provider below begins to listen.
  useEffect(() => {
    isMounted = true
    for (const notice of early.splice(0)) add(notice)
    return () => {
      isMounted = false
    }
  }, [])
  return (
    <Toast.Provider toastManager={toasts}>
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 z-50 flex w-[calc(100vw-2rem)] max-w-sm flex-col gap-2">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  return Toast.useToastManager().toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      data-notice
      className="rounded-lg border border-line bg-raised p-3 shadow-float transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0"
    >
      <Toast.Content className="flex gap-2.5">
        {toast.type === 'failed' ? (
          <CircleAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden />
        ) : (
          <CircleCheck className="mt-0.5 size-4 shrink-0 text-good" aria-hidden />
        )}
        <div className="min-w-0 grow">
          <Toast.Title className="font-medium break-words" />
          <Toast.Description className="mt-0.5 break-words text-soft" />
        </div>
        <Toast.Close aria-label="Dismiss" className="h-fit text-faint hover:text-ink">
          <X className="size-4" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ))
}
