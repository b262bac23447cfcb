/** The value below which `share` of the values lie (nearest rank). NaN of none, which no limit holds. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export const p95 = (values: readonly number[]): number => percentile(values, 0.95)
