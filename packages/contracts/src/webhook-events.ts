/** What a webhook can be told of. */
export const webhookEvents = [
  'approval.requested',
  'approval.decided',
  'budget.warned',
  'release.rolled_back',
  'run.failed',
] as const
export type WebhookEvent = (typeof webhookEvents)[number]
