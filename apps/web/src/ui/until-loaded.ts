const attempts = 30
const pauseMs = 2_000

/** Loads a part of a page that waits for it. What can't be loaded takes the page down, so a server that restarts is waited for. */
export async function untilLoaded<T>(load: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await load()
    } catch (error) {
      if (attempt === attempts) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}
