const heartbeatMs = 15_000
/** What goes to the connection at once, so that one large frame's progress on a slow line can be seen. */
const maxChunkBytes = 64 * 1024

/**
 * Renders an async sequence as an event stream. `render` gives each item as a whole frame. The source is asked for the
 * next item only when the viewer has room, and is told to stop when the viewer is gone.
 */
export function eventStream<T>(
  source: AsyncGenerator<T>,
  render: (item: T) => string,
  onError: (error: unknown) => string,
): Response {
  const encoder = new TextEncoder()
  let heartbeat: NodeJS.Timeout | undefined
  let unsent = new Uint8Array()
  const stop = () => clearInterval(heartbeat)
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode('retry: 1000\n\n'))
      heartbeat = setInterval(() => {
        // What a viewer that doesn't read has not taken yet must not grow.
        if ((controller.desiredSize ?? 0) > 0 && unsent.length === 0)
          controller.enqueue(encoder.encode(': still here\n\n'))
      }, heartbeatMs)
    },
    async pull(controller) {
      try {
        if (unsent.length === 0) {
          const { value, done } = await source.next()
          if (!done) unsent = encoder.encode(render(value))
        }
        if (unsent.length > 0) {
          controller.enqueue(unsent.subarray(0, maxChunkBytes))
          unsent = unsent.subarray(maxChunkBytes)
          return
        }
      } catch (error) {
        controller.enqueue(encoder.encode(onError(error)))
      }
      stop()
      controller.close()
    },
    async cancel() {
      stop()
      await source.return(undefined)
    },
  })
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
  return new Response(body, { headers })
}
