export interface CallsAtOnce {
  /** Lets a call begin, and gives what to call when it has ended; undefined while as many as may be are under way. */
  begin(key: string): (() => void) | undefined
}

/** Counts the calls that are under way by key, so that the slow ones of one take no room from others. */
export function createCallsAtOnce(max: number): CallsAtOnce {
  const underWay = new Map<string, number>()
  return {
    begin(key) {
      const count = underWay.get(key) ?? 0
      if (count >= max) return undefined
      underWay.set(key, count + 1)
      let ended = false
      return () => {
        if (ended) return
        ended = true
        const left = (underWay.get(key) ?? 1) - 1
        if (left === 0) underWay.delete(key)
        else underWay.set(key, left)
      }
    },
  }
}
