import { changedFields } from './fields.ts'

/** What differs, field by field. */
export function FieldChanges({ before, after }: { before: unknown; after: unknown }) {
  const changes = changedFields(before, after)
  if (changes.length === 0) return <p className="text-soft">Nothing is different from before.</p>
  const [was, is] = [
    changes.some((change) => change.before !== undefined),
    changes.some((change) => change.after !== undefined),
  ]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so the keyboard has to reach it
    <section className="overflow-x-auto rounded-md border border-line" aria-label="What changed" tabIndex={0}>
      <table className="w-full text-left text-xs">
        <thead>
          <tr className="text-faint *:px-3 *:py-1.5 *:font-medium">
            <th scope="col">Field</th>
            {was && <th scope="col">Before</th>}
            {is && <th scope="col">After</th>}
          </tr>
        </thead>
        <tbody>
          {changes.map(({ field, ...change }) => (
            <tr key={field} className="border-t border-line align-top *:px-3 *:py-1.5">
              <th scope="row" className="font-mono font-normal text-soft">
                {field}
              </th>
              {was && <Value text={change.before} className={is ? 'bg-bad-soft' : ''} />}
              {is && <Value text={change.after} className={was ? 'bg-good-soft' : ''} />}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Value({ text, className }: { text: string | undefined; className: string }) {
  return (
    <td className={`min-w-32 break-words whitespace-pre-wrap ${className}`}>
      {text ?? <span className="text-soft italic">not there</span>}
    </td>
  )
}
