import type { Release, ReleaseTrial } from '@freehold/contracts'
import { formatMoney, formatNumber, formatShare } from '../../../ui/format.ts'
import { Time } from '../../../ui/time.tsx'

type Canary = NonNullable<Release['canary']>

/** A canary beside the version that serves: who gets it, how both do, and when it ends by itself. */
export function CanaryTrial({ stable, canary }: { stable: number; canary: Canary }) {
  const columns: [version: number, trial: ReleaseTrial][] = [
    [stable, canary.trial.stable],
    [canary.version, canary.trial.canary],
  ]
  return (
    <div className="rounded-md border border-line p-3">
      <p>
        Canary <span className="font-medium">v{canary.version}</span> gets {canary.percent}% of new threads. It began{' '}
        <Time at={canary.startedAt} />.
      </p>
      <div className="mt-2 h-1.5 overflow-hidden rounded-full bg-sunken" aria-hidden>
        <div className="h-full rounded-full bg-accent" style={{ width: `${canary.percent}%` }} />
      </div>
      <table className="mt-3 w-full text-right tabular-nums">
        <caption className="sr-only">How both versions do</caption>
        <thead>
          <tr className="text-xs text-faint">
            <th scope="col" className="py-0.5 text-left font-medium">
              Since then
            </th>
            {columns.map(([version]) => (
              <th key={version} scope="col" className="py-0.5 font-medium">
                v{version}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Figures label="Ended runs" columns={columns} figure={({ ended }) => formatNumber(ended)} />
          <Figures
            label="Failed"
            columns={columns}
            figure={({ ended, failed }) => (ended === 0 ? '–' : formatShare(failed / ended))}
          />
          <Figures
            label="Cost of a run"
            columns={columns}
            figure={({ ended, costNanos }) => (ended === 0 ? '–' : formatMoney(costNanos / ended))}
          />
        </tbody>
      </table>
      <p className="mt-2 text-xs text-faint">{describeRules(canary)}</p>
    </div>
  )
}

interface FiguresProps {
  label: string
  columns: [version: number, trial: ReleaseTrial][]
  figure: (trial: ReleaseTrial) => string
}

function Figures({ label, columns, figure }: FiguresProps) {
  return (
    <tr>
      <th scope="row" className="py-0.5 text-left font-normal text-soft">
        {label}
      </th>
      {columns.map(([version, trial]) => (
        <td key={version} className="py-0.5">
          {figure(trial)}
        </td>
      ))}
    </tr>
  )
}

function describeRules({ minRuns, maxErrorPoints, maxCostPercent }: Canary): string {
  const limits = [
    maxErrorPoints !== null && `${maxErrorPoints} points more of its runs fail`,
    maxCostPercent !== null && `a run costs ${maxCostPercent}% more`,
  ].filter((limit) => limit !== false)
  if (limits.length === 0) return 'It is never rolled back by itself.'
  return `Rolled back by itself after ${minRuns} runs if ${limits.join(' or ')}.`
}
