import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * Stands between a client and PostgreSQL, and now and then keeps the answer to a committed statement and cuts the
 * connection: it is done, but the caller is told that it failed. Outside of the process, so that the real driver, pool
 * and retries meet it. It follows protocol 3.0 only as far as it needs to: the name of the prepared statement in Bind,
 * and ReadyForQuery with the status `I`, before which the server has committed.
 */
export interface LyingProxy extends AsyncDisposable {
  port: number
  /** How often it lied, by the name of the statement. */
  lies: ReadonlyMap<string, number>
  /** Committed statements that it could have lied about. */
  readonly commits: number
}

export interface LyingProxyOptions {
  /** Of PostgreSQL, on 127.0.0.1. */
  port: number
  /** Asked after each committed statement that has a name. */
  lieAbout(statement: string): boolean
}

export async function startLyingProxy({ port, lieAbout }: LyingProxyOptions): Promise<LyingProxy> {
  const lies = new Map<string, number>()
  const sockets = new Set<Socket>()
  let commits = 0
  const onCommit = (statement: string): boolean => {
    commits += 1
    const lying = lieAbout(statement)
    if (lying) lies.set(statement, (lies.get(statement) ?? 0) + 1)
    return lying
  }
  const server = createServer((client) => {
    const database = connect(port, '127.0.0.1')
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.on('error', () => {}) // it closes, too
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        database.destroy()
      })
    }
    const conversation = new Conversation(onCommit)
    client.on('data', (chunk) => database.write(conversation.ask(chunk)))
    database.on('data', (chunk) => {
      const answer = conversation.answer(chunk)
      if (answer) client.write(answer)
      else client.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    lies,
    get commits() {
      return commits
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** One connection. The answer to a prepared statement is held back until it is clear that it was committed. */
class Conversation {
  private readonly onCommit: (statement: string) => boolean
  private readonly questions = new Messages({ startsUntyped: true })
  private readonly answers = new Messages({ startsUntyped: false })
  private statement = ''
  private held: Buffer[] = []

  constructor(onCommit: (statement: string) => boolean) {
    this.onCommit = onCommit
  }

  /** What goes to the database: all of it. */
  ask(chunk: Buffer): Buffer {
    for (const message of this.questions.take(chunk)) {
      if (typeOf(message) === 'B') this.statement = statementOf(message)
    }
    return chunk
  }

  /** What goes to the client; null when it is to learn nothing and lose its connection. */
  answer(chunk: Buffer): Buffer | null {
    for (const message of this.answers.take(chunk)) {
      this.held.push(message)
      if (this.statement === '' || typeOf(message) !== 'Z') continue
      const failed = this.held.some((one) => typeOf(one) === 'E')
      const committed = message.toString('latin1', 5) === 'I' && !failed
      if (committed && this.onCommit(this.statement)) return null
      this.statement = ''
    }
    return this.statement === '' ? Buffer.concat(this.held.splice(0)) : Buffer.alloc(0)
  }
}

/** Cuts a stream into messages: a type, four bytes of length that count themselves, and the body. */
class Messages {
  private rest = Buffer.alloc(0)
  /** The first message of a client has no type. */
  private untyped: boolean

  constructor({ startsUntyped }: { startsUntyped: boolean }) {
    this.untyped = startsUntyped
  }

  take(chunk: Buffer): Buffer[] {
    this.rest = Buffer.concat([this.rest, chunk])
    const messages: Buffer[] = []
    for (;;) {
      const head = this.untyped ? 0 : 1
      const length = this.rest.length < head + 4 ? Number.POSITIVE_INFINITY : head + this.rest.readUInt32BE(head)
      if (this.rest.length < length) return messages
      messages.push(this.rest.subarray(0, length))
      this.rest = this.rest.subarray(length)
      this.untyped = false
    }
  }
}

function typeOf(message: Buffer): string {
  return message.toString('latin1', 0, 1)
}

/** Bind names the portal and then the prepared statement, each ended by a zero byte. */
function statementOf(bind: Buffer): string {
  const [, statement = ''] = bind.toString('latin1', 5).split('\0')
  return statement
}
