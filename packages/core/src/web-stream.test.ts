import { PassThrough, Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { toWebStream } from './web-stream.ts'

it.each([0, 1, 2, 3, 4, 5])('a reader that leaves %i turns after the beginning harms nobody', async (turns) => {
  const source = new PassThrough()
  source.write('first')
  const stream = toWebStream(source)
  for (let count = 0; count < turns; count++) await Promise.resolve()
  await stream.cancel()
  await turn()
  expect(source.destroyed).toBe(true)
})

it('what is sent arrives in order and ends, and a failure is told', async () => {
  const sent = Array.from({ length: 500 }, (_, index) => `${index},`)
  expect(await new Response(toWebStream(Readable.from(sent.map((text) => Buffer.from(text))))).text()).toBe(
    sent.join(''),
  )
  const failing = new PassThrough()
  const reading = new Response(toWebStream(failing)).text()
  failing.destroy(new Error('cut off'))
  await expect(reading).rejects.toThrow('cut off')
})

it('no more is taken than the reader takes', async () => {
  let given = 0
  const source = new Readable({
    read() {
      given += 1
      this.push(Buffer.alloc(16_384))
    },
  })
  const reader = toWebStream(source).getReader()
  for (let count = 0; count < 5; count++) await reader.read()
  await turn()
  expect(given).toBeLessThan(30)
  await reader.cancel()
})
