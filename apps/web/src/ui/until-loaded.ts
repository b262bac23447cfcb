const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** After so many attempts, which are some seconds, somebody wonders. */
const patientAttempts = 3

/** Loads a part of a page, however often it takes: an error would take the page down, with all that was typed there. */
export async function untilLoaded<T>(load: () => Promise<T>, onTrouble?: () => void): Promise<T> {
  for (let attempt = 1, pauseMs = firstPauseMs; ; attempt++, pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await load()
    } catch (error) {
      if (attempt === patientAttempts) {
        console.error(error)
        onTrouble?.()
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}
