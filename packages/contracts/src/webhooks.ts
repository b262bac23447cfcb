import { z } from 'zod'
import { idSchema } from './tenants.ts'
import { webhookEvents } from './webhook-events.ts'

const webhookUrlSchema = z
  .url({ protocol: /^https?$/, error: 'use an http(s) URL' })
  .max(2000)
  .refine((text) => {
    const url = URL.parse(text)
    return url === null || (url.username === '' && url.password === '')
  }, "leave user name and password out: the signature says that it's us")

const webhookFields = {
  url: webhookUrlSchema,
  description: z.string().max(1000),
  /** What it is told of. */
  events: z.array(z.enum(webhookEvents)).min(1).max(100),
}

export const createWebhookSchema = z.strictObject({
  ...webhookFields,
  description: webhookFields.description.default(''),
})
export const updateWebhookSchema = z
  .strictObject({ ...webhookFields, status: z.enum(['active', 'disabled']) })
  .partial()

export const webhookSchema = z
  .object({
    id: idSchema,
    url: z.string(),
    description: z.string(),
    events: webhookFields.events,
    status: z.enum(['active', 'disabled', 'deleted']),
    disabledReason: z.string().nullable(),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' })

export const webhookWithSecretSchema = webhookSchema
  .extend({ secret: z.string().meta({ description: 'Verifies the signatures (Standard Webhooks). Shown this once.' }) })
  .meta({ id: 'WebhookWithSecret' })

export type CreateWebhook = z.output<typeof createWebhookSchema>
export type UpdateWebhook = z.output<typeof updateWebhookSchema>
export type Webhook = z.output<typeof webhookSchema>
export type WebhookWithSecret = z.output<typeof webhookWithSecretSchema>
