import type { RunFailureCode } from '@freehold/contracts'

/** What a person can do about a run that failed so. */
export const failureAdvice: Record<RunFailureCode, string> = {
  approval_expired:
    'Nobody decided in time. Redrive it to ask again, or give approvers more time in the agent’s rules.',
  deadline_exceeded: 'It took longer than it may. Allow the agent more time in its limits, then start a new run.',
  budget_exceeded: 'A budget is used up. Raise it or wait until it begins anew, then redrive the run.',
  price_unknown:
    'The price of the model is not known. Set one in the settings, or choose another model, then redrive it.',
  step_limit_reached: 'It took more steps than it may. Check the timeline for a loop, or allow the agent more steps.',
  model_failed: 'The provider refused the call. Read its message, check the model and its key, then redrive the run.',
  model_refused: 'The model would not answer. Change what it is asked, or choose another model for the agent.',
  model_unavailable:
    'The model could not be asked: its provider is not known here, or has no key. Connect it and redrive the run, or choose another model.',
  tool_unavailable: 'A tool of the agent is not there. Check its tools and connections, then redrive the run.',
  child_failed: 'An agent that it asked had no answer. Open the delegated run in the timeline: it tells why.',
  delivery_failed: 'The receiver did not take it. Check the address and that it answers, then redrive the run.',
  program_failed:
    'The agent’s program broke. Who wrote it finds the reason in the message; once mended, redrive the run.',
  program_changed: 'The program is no longer what the run began with. Start a new run.',
  program_unknown: 'No worker has the program of this agent. Start a worker that does, then redrive the run.',
  worker_lost: 'The process that worked on it died, each time. Check the logs of the workers, then redrive the run.',
  attempt_timed_out: 'An attempt took too long. Check which step hangs in the timeline, then redrive the run.',
}
