import { defineProgram } from '../runs/program.ts'
import { answerWithTools } from './answer-with-tools.ts'

/** Answers the conversation with the agent's model, prompt and tools. */
export const assistant = defineProgram('assistant', async (run) =>
  answerWithTools(run, await run.conversation(), run.tools),
)
