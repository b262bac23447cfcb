/** Chance that a seed repeats. What the machine does with it (scheduling, network) stays its own. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number
  between(low: number, high: number): number
  pick<T>(items: readonly T[]): T
  shuffle<T>(items: readonly T[]): T[]
  chance(probability: number): boolean
}

/** mulberry32: 32 bits of state, enough for choosing victims and moments. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    pick<T>(items: readonly T[]): T {
      const item = items[Math.floor(next() * items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    shuffle<T>(items: readonly T[]): T[] {
      const drawn = items.map((item) => ({ item, order: next() }))
      return drawn.toSorted((a, b) => a.order - b.order).map(({ item }) => item)
    },
    chance: (probability) => next() < probability,
  }
}
