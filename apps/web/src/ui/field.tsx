'use client'

import { type ComponentProps, createContext, type ReactNode, useContext, useId } from 'react'
import { classNames } from './class-names.ts'

const box =
  'w-full rounded-md border border-line bg-surface px-2.5 text-ink placeholder:text-faint hover:border-line-strong disabled:opacity-60 aria-invalid:border-bad'

/** What ties a control to its label, its hint and its error. */
interface FieldControl {
  id?: string
  'aria-describedby'?: string
  'aria-invalid'?: true
}

const FieldContext = createContext<FieldControl>({})

/** For a control inside of a `Field`. */
export const useFieldControl = (): FieldControl => useContext(FieldContext)

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
  const id = useId()
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean).join(' ')
  const control: FieldControl = {
    id,
    ...(described && { 'aria-describedby': described }),
    ...(error !== undefined && { 'aria-invalid': true }),
  }
  return (
    <div className={classNames('flex min-w-0 flex-col gap-1.5', className)}>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <FieldContext value={control}>{children}</FieldContext>
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-xs text-faint">
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} role="alert" className="text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  )
}

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input {...useFieldControl()} {...rest} className={classNames(box, 'h-8.5', className)} />
}

export function TextArea({ className, rows = 4, ...rest }: ComponentProps<'textarea'>) {
  const look = classNames(box, 'py-2 leading-relaxed', className)
  return <textarea {...useFieldControl()} {...rest} rows={rows} className={look} />
}
