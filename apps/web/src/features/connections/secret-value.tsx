import { Field, TextArea } from '../../ui/field.tsx'

/** Where a value is typed that nobody reads again; several lines, since some keys have them. */
export function SecretValue({ error }: { error: string | undefined }) {
  return (
    <Field label="Value" hint="Stored encrypted. Nothing ever shows it again." error={error}>
      <TextArea
        name="value"
        required
        rows={2}
        autoComplete="off"
        spellCheck={false}
        className="min-h-16 font-mono text-xs [-webkit-text-security:disc]"
      />
    </Field>
  )
}
