'use client'

import { Field as BaseField } from '@base-ui/react/field'
import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names.ts'

const box =
  'w-full rounded-md border border-line bg-surface px-2.5 text-ink placeholder:text-faint hover:border-line-strong disabled:opacity-60 aria-invalid:border-bad data-[invalid]:border-bad'

interface FieldProps {
  label: string
  /** What to put there. */
  hint?: ReactNode
  error?: string | undefined
  children: ReactNode
  className?: string
}

/** A control with its name, what it is for, and what is wrong with it: all told to a screen reader as well. */
export function Field({ label, hint, error, children, className }: FieldProps) {
  return (
    <BaseField.Root invalid={error !== undefined} className={classNames('flex min-w-0 flex-col gap-1.5', className)}>
      <BaseField.Label className="font-medium">{label}</BaseField.Label>
      {children}
      {hint && <BaseField.Description className="text-xs text-faint">{hint}</BaseField.Description>}
      {error !== undefined && (
        <BaseField.Error match className="text-xs text-bad">
          {error}
        </BaseField.Error>
      )}
    </BaseField.Root>
  )
}

export function Input({ className, ...rest }: ComponentProps<typeof BaseField.Control>) {
  return <BaseField.Control {...rest} className={classNames(box, 'h-8.5', className)} />
}

export function TextArea({ className, ...rest }: ComponentProps<'textarea'>) {
  return (
    <BaseField.Control
      render={<textarea {...rest} />}
      className={classNames(box, 'min-h-24 py-2 leading-relaxed', className)}
    />
  )
}
