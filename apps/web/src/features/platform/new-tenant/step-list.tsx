import { Check } from 'lucide-react'
import { classNames } from '../../../ui/class-names.ts'

interface StepListProps {
  steps: readonly string[]
  current: number
  onGo: (step: number) => void
}

/** Where one is, and a way back to what was filled in. */
export function StepList({ steps, current, onGo }: StepListProps) {
  return (
    <ol aria-label="Steps" className="flex flex-wrap gap-x-4 gap-y-1 lg:flex-col">
      {steps.map((step, index) => (
        <li key={step}>
          <button
            type="button"
            disabled={index >= current}
            aria-current={index === current ? 'step' : undefined}
            onClick={() => onGo(index)}
            className={classNames(
              'flex items-center gap-2 rounded-md py-1',
              index === current ? 'font-medium text-ink' : 'text-soft enabled:hover:text-ink',
            )}
          >
            <span
              className={classNames(
                'grid size-5 place-items-center rounded-full border text-xs',
                index === current ? 'border-transparent bg-brand text-on-brand' : 'border-line',
              )}
            >
              {index < current ? <Check className="size-3" aria-hidden /> : index + 1}
            </span>
            {step}
          </button>
        </li>
      ))}
    </ol>
  )
}
