'use client'

import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { useCron } from './use-cron.ts'

interface CronFieldProps {
  value: string
  timeZone: string
  onChange: (cron: string) => void
  error: string | undefined
}

const shownTimes = 5

const examples = [
  ['Every hour', '0 * * * *'],
  ['Every day at 9', '0 9 * * *'],
  ['On weekdays at 9', '0 9 * * MON-FRI'],
  ['On Mondays at 8', '0 8 * * MON'],
  ['On the 1st at 7', '0 7 1 * *'],
] as const

/** A cron expression that says in words what it means, and when that is by the person's own clock. */
export function CronField({ value, timeZone, onChange, error }: CronFieldProps) {
  const reading = useCron()?.readCron(value.trim(), timeZone, shownTimes)
  const problem = value.trim() !== '' && reading && 'problem' in reading ? reading.problem : undefined
  return (
    <div className="flex flex-col gap-2">
      <Field label="When" hint="Minute, hour, day of month, month, day of week." error={error ?? problem}>
        <Input
          value={value}
          onChange={(event) => onChange(event.target.value)}
          required
          spellCheck={false}
          placeholder="0 9 * * MON-FRI"
          className="font-mono"
        />
      </Field>
      <div className="flex flex-wrap gap-1">
        {examples.map(([words, cron]) => (
          <Button
            key={cron}
            size="small"
            aria-pressed={value === cron}
            onClick={() => onChange(cron)}
            className="aria-pressed:border-accent"
          >
            {words}
          </Button>
        ))}
      </div>
      <div aria-live="polite" className="min-h-36 rounded-md bg-sunken p-3">
        {reading && 'words' in reading ? (
          <>
            <p className="font-medium">{reading.words}</p>
            <p className="mt-1.5 text-xs text-faint">Next times, by your clock:</p>
            <ul className="tabular-nums">
              {reading.times.map((time) => (
                <li key={time.getTime()}>{formatTime(time)}</li>
              ))}
            </ul>
          </>
        ) : (
          <p className="text-soft">Here stands in words what it means, and when that is next.</p>
        )}
      </div>
    </div>
  )
}

function formatTime(time: Date): string {
  return time.toLocaleString(undefined, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  })
}
