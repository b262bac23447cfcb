export interface DnsServer {
  /** `address:port`. */
  address: string
  /** The TXT records, by name. */
  records: Map<string, string[]>
  /** Names whose question is answered with a failure of the server. */
  broken: Set<string>
  close(): Promise<void>
}

/** A DNS server on this machine that knows nothing but what it is told. */
export async function startDnsServer(): Promise<DnsServer> {
  // Not at the top, because most tests have no use for it.
  const { default: dns2 } = await import('dns2')
  const records = new Map<string, string[]>()
  const broken = new Set<string>()
  const server = dns2.createServer({
    udp: true,
    handle(request, send) {
      const response = dns2.Packet.createResponseFromRequest(request)
      const [question] = request.questions
      const name = question?.name.toLowerCase() ?? ''
      if (broken.has(name)) response.header.rcode = 2
      else if (!records.has(name)) response.header.rcode = 3
      response.answers = (records.get(name) ?? []).map((data) =>
        Object.assign(new dns2.Packet.Resource(), { name, type: dns2.Packet.TYPE.TXT, class: 1, ttl: 1, data }),
      )
      send(response)
    },
  })
  await server.listen({ udp: { port: 0, address: '127.0.0.1' } })
  const port = server.addresses().udp?.port
  return { address: `127.0.0.1:${port}`, records, broken, close: async () => void (await server.close()) }
}
