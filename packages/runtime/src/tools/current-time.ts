import { z } from 'zod'
import { defineTool, ToolError } from './tool.ts'

const input = z.strictObject({
  timeZone: z.string().default('UTC').describe('An IANA time zone, such as "Europe/Zurich"'),
})

const output = z.object({
  iso: z.iso.datetime(),
  timeZone: z.string(),
  local: z.string().describe('Date and time in that zone, in words'),
})

export const currentTime = defineTool({
  name: 'current_time',
  description: 'Returns the current date and time, in UTC and in a time zone.',
  input,
  output,
  risk: 'low',
  idempotent: true,
  handler: async ({ timeZone }) => {
    const format = localFormat(timeZone)
    const now = new Date()
    return { iso: now.toISOString(), timeZone: format.resolvedOptions().timeZone, local: format.format(now) }
  },
})

function localFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long', timeZone })
  } catch (cause) {
    const shown = JSON.stringify(timeZone)
    throw new ToolError(`${shown} is not a known time zone. Use an IANA name, such as "Europe/Zurich".`, { cause })
  }
}
