import { CurrentConversation } from '../../../../features/chat/current-conversation.tsx'

export default function Page() {
  return <CurrentConversation />
}
