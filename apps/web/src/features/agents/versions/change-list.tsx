import { Badge } from '../../../ui/badge.tsx'
import type { Change } from './changes.ts'
import { TextComparison } from './text-comparison.tsx'

/** What differs between two configurations, side by side. */
export function ChangeList({ changes }: { changes: readonly Change[] }) {
  return (
    <div className="flex flex-col gap-4">
      {changes.map((change) => (
        <section key={change.label} aria-label={change.label}>
          <h3 className="mb-1.5 font-medium">{change.label}</h3>
          {change.kind === 'text' && <TextComparison from={change.from} to={change.to} />}
          {change.kind === 'list' && <Listed added={change.added} removed={change.removed} />}
          {change.kind === 'value' && <Values from={change.from} to={change.to} />}
        </section>
      ))}
    </div>
  )
}

function Values({ from, to }: { from: string; to: string }) {
  return (
    <div className="grid gap-1 rounded-md border border-line sm:grid-cols-2 sm:gap-0">
      <del className="rounded-l-md bg-bad-soft px-3 py-1.5 break-words no-underline">
        <span className="sr-only">Before: </span>
        {from === '' ? <Nothing /> : from}
      </del>
      <ins className="rounded-r-md bg-good-soft px-3 py-1.5 break-words no-underline">
        <span className="sr-only">After: </span>
        {to === '' ? <Nothing /> : to}
      </ins>
    </div>
  )
}

function Nothing() {
  return <span className="text-soft italic">nothing</span>
}

function Listed({ added, removed }: { added: string[]; removed: string[] }) {
  return (
    <ul className="flex flex-wrap gap-2">
      {removed.map((name) => (
        <li key={name}>
          <Badge tone="bad">
            <span aria-hidden>−</span>
            <span className="sr-only">Removed: </span>
            <span className="font-mono">{name}</span>
          </Badge>
        </li>
      ))}
      {added.map((name) => (
        <li key={name}>
          <Badge tone="good">
            <span aria-hidden>+</span>
            <span className="sr-only">Added: </span>
            <span className="font-mono">{name}</span>
          </Badge>
        </li>
      ))}
    </ul>
  )
}
