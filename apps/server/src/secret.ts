import { inspect } from 'node:util'

/** A value that must not show in a log, an error or JSON. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  static of(value: string | undefined): Secret | undefined {
    return value === undefined ? undefined : new Secret(value)
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [inspect.custom](): string {
    return '[redacted]'
  }
}
