import { z } from 'zod'
import { builtInTools } from '../tools/registry.ts'
import type { ToolOffer } from './index.ts'

/** The tools that come with Freehold, as a model is told of them. */
export const builtIn: ToolOffer[] = builtInTools.map(({ name, description, input }) => ({
  name,
  description,
  inputSchema: { ...z.toJSONSchema(input, { io: 'input' }) },
}))

function offer(name: string, description: string, input: z.ZodType): ToolOffer {
  return { name, description, inputSchema: { ...z.toJSONSchema(input, { io: 'input' }) } }
}

const email = z.object({ to: z.email(), subject: z.string(), body: z.string() })
const light = z.object({ room: z.enum(['kitchen', 'living room']), on: z.boolean(), brightness: z.number().optional() })
/** Tools that the demo model knows nothing of. */
export const shop: ToolOffer[] = [
  offer('send_email', 'Sends an email to a person.', email),
  offer('get_order', 'Looks up an order of the shop by its id.', z.object({ orderId: z.string() })),
  offer('cancel_order', 'Cancels an order of the shop.', z.object({ orderId: z.string() })),
  offer('search_documents', 'Searches the handbook.', z.object({ query: z.string(), limit: z.int().optional() })),
  offer('set_light', 'Switches a light on or off.', light),
  offer('get_weather', 'Current weather of a city.', z.object({ city: z.string() })),
]
