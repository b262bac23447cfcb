import type { ProviderKey } from '@freehold/core'
import type { LanguageModel } from 'ai'
import { createRedactor } from '../connections/redact.ts'
import { ModelError } from './model.ts'
import {
  type BuiltInProvider,
  builtInProviders,
  type CompatibleServer,
  keyVariableOf,
  type ModelsConfig,
  type ProviderAccess,
} from './models-config.ts'
import type { Account } from './provider-fault.ts'

/** A model of the AI SDK's provider interface, version 4. */
export type ProviderModel = Extract<LanguageModel, { specificationVersion: 'v4' }>

type ModelFactory = (model: string) => ProviderModel

export interface Providers {
  /**
   * The model behind `<provider>/<model>`, by the tenant's own key when it has one. Throws
   * `ModelError('model_unavailable')`.
   */
  open(name: string, own?: ProviderKey): Promise<ProviderModel>
  accountOf(provider: string, own?: ProviderKey): Account
}

/**
 * Small, current, and with a known price. Chosen 2026-11-22: gpt-5-mini shuts down on 2026-12-11 and OpenAI names
 * gpt-6-luna as its small successor; claude-haiku-5-5 has no price in the price data yet.
 */
const smallModels: Record<BuiltInProvider, string> = {
  openai: 'gpt-6-luna',
  anthropic: 'claude-haiku-4-5',
  google: 'gemini-3.5-flash-lite',
  mistral: 'mistral-small-latest',
}

interface ProvidersOptions {
  fetch?: typeof fetch
  /** For base URLs that a tenant gave. */
  fetchForTenants?: typeof fetch
}

/** SDKs are loaded on first use, and each provider is built once. */
export function createProviders(config: ModelsConfig, options: ProvidersOptions = {}): Providers {
  const factories = new Map<string, Promise<ModelFactory>>()

  function factoryOf(provider: string): Promise<ModelFactory> {
    const known = factories.get(provider)
    if (known) return known
    const factory = loadProvider(config, provider, options.fetch)
    factories.set(provider, factory)
    // What kept it from loading may pass.
    factory.catch(() => factories.delete(provider))
    return factory
  }

  return {
    async open(name, own) {
      const { provider, model } = parseModelName(name)
      if (own) {
        const fetchOwn = own.baseUrl === null ? options.fetch : options.fetchForTenants
        // Not kept: building one is cheap, and the key may be another one by the next call.
        return (await loadProvider(withOwnKey(config, provider, own), provider, fetchOwn))(model)
      }
      requireConfigured(config, provider)
      const factory = await factoryOf(provider)
      return factory(model)
    },
    accountOf(provider, own) {
      if (own) return accountWith(own.apiKey, `the secret of the connection "${own.connection}"`)
      const builtIn = builtInProviders.find((name) => name === provider)
      return accountWith(
        (builtIn ? config[builtIn] : config.compatible[provider])?.apiKey ?? '',
        keyVariableOf(provider),
      )
    },
  }
}

function accountWith(apiKey: string, keyPlace: string): Account {
  return { keyPlace, redact: createRedactor(apiKey) }
}

/** The installation's configuration with a tenant's key in it. A base URL that the tenant didn't give stays. */
function withOwnKey(config: ModelsConfig, provider: string, own: ProviderKey): ModelsConfig {
  const { apiKey } = own
  const builtIn = builtInProviders.find((name) => name === provider)
  const baseUrl = own.baseUrl ?? (builtIn ? config[builtIn] : config.compatible[provider])?.baseUrl
  if (builtIn) return { ...config, [builtIn]: baseUrl === undefined ? { apiKey } : { apiKey, baseUrl } }
  if (baseUrl !== undefined) return { ...config, compatible: { ...config.compatible, [provider]: { apiKey, baseUrl } } }
  throw new ModelError(
    'model_unavailable',
    `The connection "${own.connection}" names the provider "${provider}", which is not known here: give it a base URL.`,
  )
}

export function parseModelName(name: string): { provider: string; model: string } {
  const slash = name.indexOf('/')
  if (slash < 1 || slash === name.length - 1) {
    throw new ModelError('model_unavailable', `"${name}" is not a model: use "demo" or "<provider>/<model>".`)
  }
  return { provider: name.slice(0, slash), model: name.slice(slash + 1) }
}

/** What `default` means with this configuration. */
export function resolveDefaultModel(config: ModelsConfig): string {
  if (config.defaultModel) return config.defaultModel
  const provider = builtInProviders.find((name) => config[name] !== undefined)
  return provider ? `${provider}/${smallModels[provider]}` : 'demo'
}

export interface ModelsDescription {
  defaultModel: string
  /** Whether `default` is answered by the scripted demo model. */
  demo: boolean
  providers: { name: string; configured: boolean; keyVariable: string; baseUrl: string | null }[]
}

/** For `doctor` and the first lines of a start. Holds no keys. */
export function describeModels(config: ModelsConfig): ModelsDescription {
  const defaultModel = resolveDefaultModel(config)
  const builtIn = builtInProviders.map((name) =>
    describeProvider(name, config[name]?.baseUrl, config[name] !== undefined),
  )
  const compatible = Object.entries(config.compatible).map(([name, server]) =>
    describeProvider(name, server.baseUrl, true),
  )
  return { defaultModel, demo: defaultModel === 'demo', providers: [...builtIn, ...compatible] }
}

function describeProvider(name: string, baseUrl: string | undefined, configured: boolean) {
  return { name, configured, keyVariable: keyVariableOf(name), baseUrl: baseUrl ? publicUrl(baseUrl) : null }
}

function publicUrl(url: string): string {
  if (!URL.canParse(url)) return url
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

function requireConfigured(config: ModelsConfig, provider: string): void {
  const builtIn = builtInProviders.find((name) => name === provider)
  if (builtIn && !config[builtIn]) {
    throw new ModelError(
      'model_unavailable',
      `No key for provider "${provider}": set ${keyVariableOf(provider)} and restart, connect a key of your own, or choose another model.`,
    )
  }
  if (!builtIn && !Object.hasOwn(config.compatible, provider)) {
    const known = [...builtInProviders, ...Object.keys(config.compatible)].join(', ')
    throw new ModelError(
      'model_unavailable',
      `No provider "${provider}": known are ${known}. Choose a model of one of them, or connect the provider with its base URL.`,
    )
  }
}

async function loadProvider(
  config: ModelsConfig,
  provider: string,
  customFetch: typeof fetch | undefined,
): Promise<ModelFactory> {
  const shared = customFetch ? { fetch: customFetch } : {}
  if (provider === 'openai' && config.openai) return loadOpenAI(config.openai, shared)
  if (provider === 'anthropic' && config.anthropic) {
    const { createAnthropic } = await import('@ai-sdk/anthropic')
    return createAnthropic({ ...shared, ...settings(config.anthropic, 'https://api.anthropic.com', '/v1') })
  }
  if (provider === 'google' && config.google) {
    const { createGoogle } = await import('@ai-sdk/google')
    return createGoogle({
      ...shared,
      ...settings(config.google, 'https://generativelanguage.googleapis.com', '/v1beta'),
    })
  }
  if (provider === 'mistral' && config.mistral) {
    const { createMistral } = await import('@ai-sdk/mistral')
    return createMistral({ ...shared, ...settings(config.mistral, 'https://api.mistral.ai', '/v1') })
  }
  const server = config.compatible[provider]
  if (!server) throw new ModelError('model_unavailable', `No provider "${provider}".`)
  return loadCompatible(provider, server, shared)
}

/**
 * OpenAI itself gets the Responses API: its models from gpt-5.4 on refuse function tools on chat completions unless
 * reasoning is off (github.com/openai/openai-openapi/issues/541). Other servers rarely speak it, so they get chat.
 */
async function loadOpenAI(access: ProviderAccess, shared: { fetch?: typeof fetch }): Promise<ModelFactory> {
  const { createOpenAI } = await import('@ai-sdk/openai')
  const baseURL = access.baseUrl ?? 'https://api.openai.com/v1'
  const openai = createOpenAI({ ...shared, apiKey: access.apiKey, baseURL })
  const isOpenAI = /(^|\.)api\.openai\.com$/.test(new URL(baseURL).hostname)
  return isOpenAI ? (model) => openai.responses(model) : (model) => openai.chat(model)
}

async function loadCompatible(
  name: string,
  server: CompatibleServer,
  shared: { fetch?: typeof fetch },
): Promise<ModelFactory> {
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
  const key = server.apiKey ? { apiKey: server.apiKey } : {}
  return createOpenAICompatible({ ...shared, ...key, name, baseURL: server.baseUrl, includeUsage: true })
}

/**
 * The base URL is always given, because without one the SDKs read the environment themselves. The official SDKs take
 * a bare origin where the AI SDK wants the version too, so a bare origin gets it.
 */
function settings(access: ProviderAccess, origin: string, versionPath: string): { apiKey: string; baseURL: string } {
  const url = new URL(access.baseUrl ?? origin)
  const baseURL = url.pathname === '/' ? `${url.origin}${versionPath}` : url.href
  return { apiKey: access.apiKey, baseURL }
}
