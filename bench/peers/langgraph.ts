import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
import pg from 'pg'
import type { Engine, Store } from '../engines/engine.ts'
import { countStatements } from '../engines/statements.ts'
import { askModel, callTool } from '../engines/tool-loop.ts'

type Answer = ReturnType<typeof askModel> | ReturnType<typeof callTool>

// The answers stay in the state, as an agent's messages do, because the next model call needs them. They are plain
// objects: LangChain's message classes would store several times as much.
const State = Annotation.Root({
  loops: Annotation<number>,
  loop: Annotation<number>,
  answers: Annotation<Answer[]>({ reducer: (before, more) => before.concat(more), default: () => [] }),
})

export async function open(store: Store): Promise<Engine> {
  if (store.kind !== 'postgres') throw new Error('PostgresSaver keeps its runs in PostgreSQL')
  const statements = countStatements(pg)
  const pool = new pg.Pool({ connectionString: store.url, max: 32 })
  const checkpointer = new PostgresSaver(pool)
  await checkpointer.setup()
  const graph = new StateGraph(State)
    .addNode('model', ({ loop }) => ({ loop: loop + 1, answers: [askModel(loop + 1)] }))
    .addNode('tool', ({ loop }) => ({ answers: [callTool(loop)] }))
    .addEdge(START, 'model')
    .addEdge('model', 'tool')
    .addConditionalEdges('tool', ({ loop, loops }) => (loop < loops ? 'model' : END))
    .compile({ checkpointer })
  const thread = (id: string) => ({ configurable: { thread_id: id } })
  const invoke = async (name: string, loops: number, input: typeof State.Update | null) => {
    const options = { ...thread(name), durability: 'sync' as const, recursionLimit: 2 * loops + 10 }
    const { answers } = await graph.invoke(input, options)
    if (answers.length !== 2 * loops) throw new Error(`LangGraph ended with ${answers.length} answers`)
    return name
  }
  return {
    run: (name, loops) => invoke(name, loops, { loops, loop: 0 }),
    resume: (name, loops) => invoke(name, loops, null),
    async load(id) {
      const { values } = await graph.getState(thread(id))
      for await (const _ of graph.getStateHistory(thread(id)));
      return values.answers.length
    },
    statements,
    close: () => pool.end(),
  }
}
