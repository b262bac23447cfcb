import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

interface CheckboxProps {
  label: ReactNode
  /** What it means, in small letters below. */
  hint?: ReactNode
  checked: boolean
  onChange: (checked: boolean) => void
  disabled?: boolean
  className?: string
}

export function Checkbox({ label, hint, checked, onChange, disabled = false, className }: CheckboxProps) {
  return (
    <label className={classNames('flex min-w-0 items-start gap-2.5', className)}>
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-4 shrink-0 accent-accent"
      />
      <span className="min-w-0">
        <span className="font-medium">{label}</span>
        {hint && <span className="mt-0.5 block text-xs text-faint">{hint}</span>}
      </span>
    </label>
  )
}
