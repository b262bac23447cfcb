import type { ChatMessage } from '../models/index.ts'
import { defineProgram, type Program, type ProgramRun } from '../runs/program.ts'
import { answerWithTools } from './answer-with-tools.ts'

/** A LangGraph graph, as far as a run drives it. */
interface CompiledGraph {
  invoke(input: Record<string, unknown>, config: { signal: AbortSignal }): Promise<Record<string, unknown>>
}

/**
 * Makes a LangGraph `StateGraph` a program. Its nodes call the steps of the run, whose journal makes them durable, so
 * the graph needs no checkpointer: after a crash it is invoked again and its steps answer from the journal. `output`
 * is the key of the state that the run returns.
 */
export function defineGraph(name: string, build: (run: ProgramRun) => Promise<CompiledGraph>, output: string): Program {
  return defineProgram(name, async (run) => {
    const graph = await build(run)
    const state = await graph.invoke({}, { signal: run.signal })
    return state[output]
  })
}

const planPrompt = `You plan how to answer a request. Write one short line: what is asked, and what would answer it.`
const routePrompt = `Choose how the request is answered. Reply with exactly one of the options.
"tools" when it needs a calculation, the time, the web or another agent; "direct" when words are enough.
Options: tools | direct`

/**
 * Plan → route → answer. The plan is made once, the route decides whether the answer may use tools, and the answer is
 * streamed like any other.
 */
export const planRouteAnswer = defineGraph(
  'graph',
  async (run) => {
    const { Annotation, END, START, StateGraph } = await import('@langchain/langgraph')
    const State = Annotation.Root({
      plan: Annotation<string>,
      route: Annotation<'tools' | 'direct'>,
      answer: Annotation<string>,
    })
    const conversation = await run.conversation()
    return new StateGraph(State)
      .addNode('make_plan', async () => {
        const reply = await run.model({ messages: conversation, system: planPrompt, tools: [] })
        return { plan: reply.text }
      })
      .addNode('choose_route', async ({ plan }) => {
        const question: ChatMessage = { role: 'user', content: `Request: ${run.message}\nPlan: ${plan}` }
        const reply = await run.model({ messages: [question], system: routePrompt, tools: [] })
        return {
          route: run.tools.length > 0 && /\btools\b/i.test(reply.text) ? ('tools' as const) : ('direct' as const),
        }
      })
      .addNode('use_tools', async () => ({ answer: await answerWithTools(run, conversation, run.tools) }))
      .addNode('answer_directly', async () => ({ answer: await answerWithTools(run, conversation, []) }))
      .addEdge(START, 'make_plan')
      .addEdge('make_plan', 'choose_route')
      .addConditionalEdges('choose_route', ({ route }) => (route === 'tools' ? 'use_tools' : 'answer_directly'))
      .addEdge('use_tools', END)
      .addEdge('answer_directly', END)
      .compile()
  },
  'answer',
)
