const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** After that long a pause somebody wonders. */
const troubleAtPauseMs = 4_000

/** Loads a part of a page, however often it takes: an error would take the page down, with all that was typed there. */
export async function untilLoaded<T>(load: () => Promise<T>, onTrouble?: () => void): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await load()
    } catch {
      if (pauseMs === troubleAtPauseMs) onTrouble?.()
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}
