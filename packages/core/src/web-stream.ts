import { finished, type Readable } from 'node:stream'

/**
 * A stream of bytes as a web stream, which takes no more than its reader does. `Readable.toWeb` throws where nobody can catch
 * it, and so ends the process, when its reader leaves in the tick in which the stream began.
 */
export function toWebStream(source: Readable): ReadableStream<Uint8Array> {
  let isOver = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source.pause()
        source.on('data', (chunk: Uint8Array) => {
          if (isOver) return
          controller.enqueue(new Uint8Array(chunk))
          if ((controller.desiredSize ?? 0) <= 0) source.pause()
        })
        finished(source, (error) => {
          // It may fail again, which nobody waits for.
          source.on('error', () => {})
          if (isOver) return
          isOver = true
          if (error) controller.error(error)
          else controller.close()
        })
      },
      pull: () => void source.resume(),
      cancel() {
        isOver = true
        source.destroy()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: source.readableHighWaterMark }),
  )
}
