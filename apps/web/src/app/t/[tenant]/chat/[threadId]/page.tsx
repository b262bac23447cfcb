import { Prefetched } from '../../../../../api/prefetched.tsx'
import { CurrentConversation } from '../../../../../features/chat/current-conversation.tsx'

export default async function Page({ params }: { params: Promise<{ tenant: string; threadId: string }> }) {
  const { tenant, threadId } = await params
  const id = decodeURIComponent(threadId)
  return (
    <Prefetched tenant={decodeURIComponent(tenant)} asks={[['getThread', { params: { id } }]]}>
      <CurrentConversation />
    </Prefetched>
  )
}
