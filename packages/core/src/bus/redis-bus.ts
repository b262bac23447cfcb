import type { RedisClientType } from '@redis/client'
import { connectRedis, type RedisState } from './redis.ts'
import { RemoteBus, type WireMessage } from './remote-bus.ts'

const commonChannel = 'freehold:bus'
const runChannelPrefix = 'freehold:run:'

/**
 * The bus between processes that share a Redis or Valkey server: publish and subscribe, nothing is stored. What is about
 * one run goes to a channel of that run, which a process hears while it has a viewer of it. Without Redis the server
 * works on, by its polls.
 */
export class RedisBus extends RemoteBus {
  private readonly client: RedisClientType
  private readonly onMessage = (payload: string, channel: string) => {
    if (this.wants(channel)) this.receive(payload)
    else this.unsubscribe(channel)
  }

  constructor(url: string, state: RedisState) {
    super()
    this.client = connectRedis(url, state)
    this.client.on('ready', () => {
      for (const channel of [commonChannel, ...this.watchedRuns().map(channelOf)]) this.subscribe(channel)
      this.catchUp()
    })
  }

  protected override async send(messages: readonly WireMessage[]): Promise<void> {
    const byChannel = Map.groupBy(messages, (message) => {
      const isCommon = message.kind === 'work' || message.kind === 'cancel' || message.kind === 'join'
      return isCommon ? commonChannel : channelOf(message.runId)
    })
    // Commands of one turn of the event loop go out together.
    await Promise.all([...byChannel].map(([channel, batch]) => this.client.publish(channel, this.seal(batch))))
  }

  protected override hear(runId: string): void {
    this.subscribe(channelOf(runId))
  }

  protected override unhear(runId: string): void {
    this.unsubscribe(channelOf(runId))
    if (!this.isSpoken(runId)) this.texts.forget(runId)
  }

  private wants(channel: string): boolean {
    return channel === commonChannel || this.isWatched(channel.slice(runChannelPrefix.length))
  }

  private subscribe(channel: string): void {
    // While there is no connection, `ready` will do it.
    if (this.client.isReady) this.client.subscribe(channel, this.onMessage).catch(() => {})
  }

  private unsubscribe(channel: string): void {
    if (this.client.isReady) this.client.unsubscribe(channel, this.onMessage).catch(() => {})
  }

  override async close(): Promise<void> {
    await super.close()
    this.client.destroy()
  }
}

function channelOf(runId: string): string {
  return `${runChannelPrefix}${runId}`
}
