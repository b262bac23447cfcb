import { CopilotChat, CopilotKitProvider } from '@copilotkit/react-core/v2'
import { createRoot } from 'react-dom/client'
import '@copilotkit/react-core/v2/styles.css'
import { FreeholdAgent } from './freehold-agent.ts'

// Kept in the address, so that a reload comes back to the same conversation.
const threadId = location.hash.slice(1) || crypto.randomUUID()
location.hash = threadId
const agent = new FreeholdAgent({ url: '/agui/assistant', threadId })

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <CopilotKitProvider selfManagedAgents={{ default: agent }} enableInspector={false}>
      <div style={{ height: '100vh' }}>
        <CopilotChat threadId={threadId} />
      </div>
    </CopilotKitProvider>,
  )
}
