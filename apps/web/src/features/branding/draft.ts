/** What the form holds; empty is as the installation has it. */
export interface Draft {
  name: string
  primary: string
  background: string
  text: string
  supportAddress: string
  senderName: string
  replyTo: string
}
