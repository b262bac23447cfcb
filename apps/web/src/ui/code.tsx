import { CopyButton } from './copy-button.tsx'
import { readableJson } from './readable.ts'

/** A value as it is, for people who want to see all of it. Whatever it holds, it is text. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return <Code text={readableJson(value)} label={label} />
}

export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div className="group relative min-w-0">
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it
        tabIndex={0}
        aria-label={label}
        className="max-h-96 overflow-auto rounded-md bg-sunken p-3 pr-10"
      >
        <pre className="font-mono text-xs leading-relaxed break-words whitespace-pre-wrap">{text}</pre>
      </section>
      <div className="absolute top-1.5 right-1.5">
        <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
      </div>
    </div>
  )
}
