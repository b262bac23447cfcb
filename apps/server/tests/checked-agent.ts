import { type AbstractAgent, HttpAgent, runHttpRequest, transformHttpEventStream, verifyEvents } from '@ag-ui/client'
import type { RunAgentInput } from '@ag-ui/core'

/** The official client, which also checks the order of the events as it reads them from the wire. */
export class CheckedAgent extends HttpAgent {
  override run(input: RunAgentInput): ReturnType<AbstractAgent['run']> {
    return verifyEvents()(super.run(input))
  }

  /** The official client leaves to each server how to join a thread. */
  protected override connect(input: RunAgentInput): ReturnType<AbstractAgent['run']> {
    const request = runHttpRequest(() => this.fetch(`${this.url}/connect`, this.requestInit(input)))
    return verifyEvents()(transformHttpEventStream(request))
  }
}
