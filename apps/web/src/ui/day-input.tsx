'use client'

import { type ComponentProps, useEffect, useRef, useState } from 'react'
import { Input } from './field.tsx'

type DayInputProps = Omit<ComponentProps<typeof Input>, 'type' | 'value' | 'onChange'> & {
  value: string
  onChange: (day: string) => void
}

/** A day of the address, which follows what is typed late: so that is kept here, and told once its year is whole. */
export function DayInput({ value, onChange, ...rest }: DayInputProps) {
  const [day, setDay] = useState(value)
  const told = useRef(value)
  useEffect(() => {
    if (value === told.current) return
    told.current = value
    setDay(value)
  }, [value])
  const change = (next: string) => {
    setDay(next)
    if (next.startsWith('0')) return
    told.current = next
    onChange(next)
  }
  return <Input {...rest} type="date" value={day} onChange={(event) => change(event.target.value)} />
}
