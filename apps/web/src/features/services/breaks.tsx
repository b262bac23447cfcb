import { Notice } from '../../ui/notice.tsx'

/** What a contract would break, and for whom. */
export function Breaks({ breaks }: { breaks: readonly { field: string; message: string }[] }) {
  return (
    <Notice tone="bad" title="The contract breaks who relies on it">
      <ul className="flex flex-col gap-1">
        {breaks.map(({ field, message }) => (
          <li key={`${field} ${message}`}>
            <span className="font-medium">{field.replace(/^consumers\./, '')}</span>: {message}
          </li>
        ))}
      </ul>
    </Notice>
  )
}
