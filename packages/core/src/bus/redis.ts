import { createClient, type RedisClientType } from '@redis/client'

const maxReconnectPauseMs = 1_000
/** A server that is there but silent counts as gone after `silenceMs`. */
const pingEveryMs = 3_000
const silenceMs = 10_000

export interface RedisState {
  /** Told once each time Redis is lost, also when it was not there to begin with. */
  onLost(error: Error): void
  /** Told when it is there again after that. */
  onBack(): void
}

/**
 * A client of Redis or Valkey that connects in the background, and again whenever the connection is lost. While there is
 * none, commands fail at once.
 */
export function connectRedis(url: string, { onLost, onBack }: RedisState): RedisClientType {
  const client: RedisClientType = createClient({
    url,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    pingInterval: pingEveryMs,
    socket: {
      connectTimeout: 5_000,
      socketTimeout: silenceMs,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, maxReconnectPauseMs),
    },
  })
  let lost = false
  client.on('error', (error: Error) => {
    if (!lost) onLost(error)
    lost = true
  })
  client.on('ready', () => {
    if (lost) onBack()
    lost = false
  })
  client.connect().catch(() => {}) // rejects only when it is destroyed first; otherwise it tries for ever
  return client
}
