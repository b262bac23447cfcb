'use client'

import { Select as BaseSelect } from '@base-ui/react/select'
import { Check, ChevronsUpDown } from 'lucide-react'
import { classNames } from './class-names.ts'

export interface Option<Value extends string> {
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
}

export function Select<Value extends string>({
  label,
  value,
  options,
  onChange,
  className,
  disabled = false,
}: SelectProps<Value>) {
  return (
    <BaseSelect.Root
      value={value}
      items={options}
      disabled={disabled}
      onValueChange={(next) => next !== null && onChange(next)}
    >
      <BaseSelect.Trigger
        aria-label={label}
        className={classNames(
          'flex h-8.5 min-w-32 items-center justify-between gap-2 rounded-md border border-line bg-surface px-2.5 text-left hover:border-line-strong disabled:opacity-60',
          className,
        )}
      >
        <BaseSelect.Value className="truncate" />
        <ChevronsUpDown className="size-3.5 shrink-0 text-faint" aria-hidden />
      </BaseSelect.Trigger>
      <BaseSelect.Portal>
        <BaseSelect.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
          <BaseSelect.Popup className="max-h-80 min-w-(--anchor-width) overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-float">
            {options.map((option) => (
              <BaseSelect.Item
                key={option.value}
                value={option.value}
                className="flex cursor-default items-center gap-2 rounded-md px-2 py-1.5 data-[highlighted]:bg-sunken"
              >
                <BaseSelect.ItemText className="grow">{option.label}</BaseSelect.ItemText>
                <BaseSelect.ItemIndicator>
                  <Check className="size-3.5" aria-hidden />
                </BaseSelect.ItemIndicator>
              </BaseSelect.Item>
            ))}
          </BaseSelect.Popup>
        </BaseSelect.Positioner>
      </BaseSelect.Portal>
    </BaseSelect.Root>
  )
}
