/** Whether the database takes each text in a value: PostgreSQL takes neither NUL nor half a surrogate pair. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, entry]) => isStorable(name) && isStorable(entry))
}
