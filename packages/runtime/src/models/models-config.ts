export interface ProviderAccess {
  apiKey: string
  baseUrl?: string
}

/** An OpenAI-compatible server such as Ollama, vLLM or LiteLLM. */
export interface CompatibleServer {
  apiKey?: string
  baseUrl: string
}

export interface ModelsConfig {
  openai?: ProviderAccess
  anthropic?: ProviderAccess
  google?: ProviderAccess
  mistral?: ProviderAccess
  /** By provider name, which is what stands before the slash in a model name. */
  compatible: Record<string, CompatibleServer>
  /** What `default` means; without it, a small model of the first configured provider, else `demo`. */
  defaultModel?: string
}

export const builtInProviders = ['openai', 'anthropic', 'google', 'mistral'] as const
export type BuiltInProvider = (typeof builtInProviders)[number]

type Environment = Record<string, string | undefined>

interface ProviderVariables {
  /** The first one set wins. */
  keys: readonly [string, ...string[]]
  baseUrls: readonly [string, ...string[]]
}

/** The names that the providers' own SDKs and the AI SDK read. */
const providerVariables: Record<BuiltInProvider, ProviderVariables> = {
  openai: { keys: ['OPENAI_API_KEY'], baseUrls: ['OPENAI_BASE_URL'] },
  anthropic: { keys: ['ANTHROPIC_API_KEY'], baseUrls: ['ANTHROPIC_BASE_URL'] },
  google: {
    keys: ['GEMINI_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY', 'GOOGLE_API_KEY'],
    baseUrls: ['GOOGLE_GENERATIVE_AI_BASE_URL', 'GOOGLE_GEMINI_BASE_URL'],
  },
  mistral: { keys: ['MISTRAL_API_KEY'], baseUrls: ['MISTRAL_BASE_URL'] },
}

/** The variable to set for a provider's key, for messages to the operator. */
export function keyVariableOf(provider: string): string {
  const builtIn = builtInProviders.find((name) => name === provider)
  if (builtIn) return providerVariables[builtIn].keys[0]
  return `FREEHOLD_MODEL_SERVER_${provider.toUpperCase().replaceAll('-', '_')}_API_KEY`
}

/**
 * Reads the models' slice of an environment. An empty string means unset.
 * Throws one `Error` that names every problem.
 */
export function modelsConfigFromEnv(env: Environment): ModelsConfig {
  const problems: string[] = []
  const config: ModelsConfig = { compatible: readCompatibleServers(env, problems) }
  for (const provider of builtInProviders) {
    const access = readAccess(env, providerVariables[provider], problems)
    if (access) config[provider] = access
  }
  const defaultModel = firstSet(env, ['FREEHOLD_DEFAULT_MODEL'])
  if (defaultModel) {
    config.defaultModel = defaultModel.value
    if (!/^(demo|[a-z0-9-]+\/\S{1,128})$/.test(defaultModel.value)) {
      problems.push('FREEHOLD_DEFAULT_MODEL: use "demo" or "<provider>/<model>", for example "openai/gpt-6-luna"')
    }
  }
  if (problems.length > 0) throw new Error(`Models are not configured correctly.\n${problems.join('\n')}`)
  return config
}

function firstSet(env: Environment, names: readonly string[]): { name: string; value: string } | undefined {
  for (const name of names) {
    const value = env[name]?.trim()
    if (value) return { name, value }
  }
  return undefined
}

function readAccess(env: Environment, variables: ProviderVariables, problems: string[]): ProviderAccess | undefined {
  const key = firstSet(env, variables.keys)
  const baseUrl = firstSet(env, variables.baseUrls)
  if (baseUrl && !isHttpUrl(baseUrl.value)) problems.push(`${baseUrl.name}: use an http:// or https:// URL`)
  if (!key) return undefined
  return baseUrl ? { apiKey: key.value, baseUrl: baseUrl.value } : { apiKey: key.value }
}

/** `FREEHOLD_MODEL_SERVERS=ollama=http://127.0.0.1:11434/v1,vllm=http://…` */
function readCompatibleServers(env: Environment, problems: string[]): Record<string, CompatibleServer> {
  const servers: Record<string, CompatibleServer> = {}
  const entries = (env.FREEHOLD_MODEL_SERVERS ?? '').split(',').map((entry) => entry.trim())
  for (const entry of entries.filter((entry) => entry !== '')) {
    const [, name, baseUrl] = /^([^=]*)=(.*)$/s.exec(entry) ?? []
    if (name === undefined || baseUrl === undefined || !isServerName(name) || !isHttpUrl(baseUrl)) {
      problems.push(
        `FREEHOLD_MODEL_SERVERS: "${withoutCredentials(entry)}" is not <name>=<http URL>; a name has lower-case letters, ` +
          `digits and hyphens and is not one of ${builtInProviders.join(', ')}, demo, default`,
      )
      continue
    }
    if (Object.hasOwn(servers, name)) problems.push(`FREEHOLD_MODEL_SERVERS: "${name}" is there twice`)
    const key = firstSet(env, [keyVariableOf(name)])
    servers[name] = key ? { apiKey: key.value, baseUrl } : { baseUrl }
  }
  return servers
}

function isServerName(name: string): boolean {
  const reserved: readonly string[] = [...builtInProviders, 'demo', 'default']
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(name) && !reserved.includes(name)
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text)
}

function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//')
}
