'use client'

import { Field, TextArea } from '../../ui/field.tsx'
import { FileButton } from '../../ui/file-button.tsx'

/** What callers can rely on, as a file or typed. */
export function ContractField({ contract, onChange }: { contract: string; onChange: (contract: string) => void }) {
  return (
    <div className="flex flex-col gap-2">
      <Field label="Contract" hint="An OpenAPI 3 document or an A2A agent card, as JSON. Empty: none.">
        <TextArea
          value={contract}
          rows={5}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
          className="font-mono text-xs"
        />
      </Field>
      <span className="self-start">
        <FileButton accept="application/json,.json" onFile={(file) => void file.text().then(onChange)}>
          Take it from a file
        </FileButton>
      </span>
    </div>
  )
}
