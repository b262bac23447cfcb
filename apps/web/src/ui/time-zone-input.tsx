'use client'

import { useId } from 'react'
import { Input } from './field.tsx'

interface TimeZoneInputProps {
  value: string
  onChange: (zone: string) => void
}

/** A name of the IANA database, with those that the browser knows to choose from. */
export function TimeZoneInput({ value, onChange }: TimeZoneInputProps) {
  const id = useId()
  return (
    <>
      <Input value={value} onChange={(event) => onChange(event.target.value)} list={id} required />
      <datalist id={id}>
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  )
}
