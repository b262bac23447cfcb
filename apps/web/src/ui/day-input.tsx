'use client'

import { type ComponentProps, useState } from 'react'
import { Input } from './field.tsx'

type DayInputProps = Omit<ComponentProps<typeof Input>, 'type' | 'value' | 'onChange'> & {
  value: string
  onChange: (day: string) => void
}

/** A day of the address, which follows what is typed late: so that stays until it is left, and is told once its year is whole. */
export function DayInput({ value, onChange, ...rest }: DayInputProps) {
  const [typed, setTyped] = useState<string>()
  const change = (day: string) => {
    setTyped(day)
    if (!day.startsWith('0')) onChange(day)
  }
  return (
    <Input
      {...rest}
      type="date"
      value={typed ?? value}
      onBlur={() => setTyped(undefined)}
      onChange={(event) => change(event.target.value)}
    />
  )
}
