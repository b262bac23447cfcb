import { classNames } from '../class-names.ts'
import { inks } from './tones.ts'

interface MeterProps {
  label: string
  /** In words, such as «$3 of $10». */
  text: string
  used: number
  /** Set aside, but not used yet. */
  reserved?: number
  limit: number
}

/** How much of a limit is used. */
export function Meter({ label, text, used, reserved = 0, limit }: MeterProps) {
  const share = (amount: number) => (limit > 0 ? Math.min(1, amount / limit) : 1)
  const both = share(used + reserved)
  return (
    // biome-ignore lint/a11y/useSemanticElements: the browser's own can't show what is reserved
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={limit}
      aria-valuenow={Math.min(used + reserved, limit)}
      aria-valuetext={text}
      className={classNames(
        'relative h-1.5 overflow-hidden rounded-full bg-line *:absolute *:inset-y-0 *:left-0 *:bg-current',
        inks[both >= 1 ? 'bad' : both >= 0.8 ? 'warn' : 'accent'],
      )}
    >
      <div className="opacity-40" style={{ width: `${both * 100}%` }} />
      <div style={{ width: `${share(used) * 100}%` }} />
    </div>
  )
}
