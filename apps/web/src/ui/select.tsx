'use client'

import { ChevronDown } from 'lucide-react'
import { classNames } from './class-names.ts'
import { useFieldControl } from './field.tsx'

interface Option<Value extends string> {
  value: Value
  label: string
}

interface SelectProps<Value extends string> {
  /** What is chosen here, for a screen reader; unnecessary inside of a `Field`. */
  label?: string
  value: Value
  options: readonly Option<Value>[]
  onChange: (value: Value) => void
  className?: string
  disabled?: boolean
  /** The empty value can't be sent. */
  required?: boolean
}

/** The browser's own, which every keyboard, screen reader and phone knows. */
export function Select<Value extends string>({
  label,
  value,
  options,
  onChange,
  className,
  disabled,
  required,
}: SelectProps<Value>) {
  const control = useFieldControl()
  const choose = (text: string) => {
    const chosen = options.find((option) => option.value === text)
    if (chosen) onChange(chosen.value)
  }
  return (
    <span className={classNames('relative inline-flex min-w-32', className)}>
      <select
        {...control}
        aria-label={label}
        value={value}
        disabled={disabled}
        required={required}
        onChange={(event) => choose(event.target.value)}
        className="h-8.5 w-full appearance-none rounded-md border border-line bg-surface pr-8 pl-2.5 text-ink hover:border-line-strong disabled:opacity-60"
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <ChevronDown
        className="pointer-events-none absolute top-1/2 right-2.5 size-3.5 -translate-y-1/2 text-faint"
        aria-hidden
      />
    </span>
  )
}
