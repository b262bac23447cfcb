import { describe, expect, it } from 'vitest'
import { describeModels, modelsConfigFromEnv, resolveDefaultModel } from './index.ts'

describe('modelsConfigFromEnv', () => {
  it('finds nothing in an empty environment, and takes an empty string as unset', () => {
    expect(modelsConfigFromEnv({})).toEqual({ compatible: {} })
    const blank = { OPENAI_API_KEY: '', ANTHROPIC_API_KEY: ' ', FREEHOLD_MODEL_SERVERS: '', FREEHOLD_DEFAULT_MODEL: '' }
    expect(modelsConfigFromEnv(blank)).toEqual({ compatible: {} })
  })

  it('reads the names that the official SDKs read', () => {
    const config = modelsConfigFromEnv({
      OPENAI_API_KEY: 'o',
      OPENAI_BASE_URL: 'https://proxy.test/v1',
      ANTHROPIC_API_KEY: 'a',
      GOOGLE_API_KEY: 'g2',
      GOOGLE_GENERATIVE_AI_API_KEY: 'g1',
      MISTRAL_API_KEY: 'm',
      FREEHOLD_DEFAULT_MODEL: 'mistral/mistral-small-latest',
    })
    expect(config).toEqual({
      openai: { apiKey: 'o', baseUrl: 'https://proxy.test/v1' },
      anthropic: { apiKey: 'a' },
      google: { apiKey: 'g1' },
      mistral: { apiKey: 'm' },
      compatible: {},
      defaultModel: 'mistral/mistral-small-latest',
    })
    expect(modelsConfigFromEnv({ GEMINI_API_KEY: 'g' }).google).toEqual({ apiKey: 'g' })
    expect(modelsConfigFromEnv({ GOOGLE_API_KEY: 'g' }).google).toEqual({ apiKey: 'g' })
  })

  it('reads OpenAI-compatible servers and their keys', () => {
    const config = modelsConfigFromEnv({
      FREEHOLD_MODEL_SERVERS: 'ollama=http://127.0.0.1:11434/v1, my-vllm=http://vllm.test/v1?a=b',
      FREEHOLD_MODEL_SERVER_MY_VLLM_API_KEY: 'k',
    })
    expect(config.compatible).toEqual({
      ollama: { baseUrl: 'http://127.0.0.1:11434/v1' },
      'my-vllm': { baseUrl: 'http://vllm.test/v1?a=b', apiKey: 'k' },
    })
  })

  it('reports every problem at once, without credentials', () => {
    const read = () =>
      modelsConfigFromEnv({
        OPENAI_BASE_URL: 'localhost:1234',
        FREEHOLD_MODEL_SERVERS: 'openai=http://x.test,nameless,a=ftp://user:secret@x.test,ok=http://ok.test',
        FREEHOLD_DEFAULT_MODEL: 'default',
      })
    expect(read).toThrow(/OPENAI_BASE_URL[\s\S]*FREEHOLD_DEFAULT_MODEL/)
    expect(read).toThrow(/"openai=http:\/\/x.test"[\s\S]*"nameless"[\s\S]*"a=ftp:\/\/x.test"/)
    expect(read).not.toThrow(/secret|ok\.test/)
  })
})

describe('the default model', () => {
  const key = { apiKey: 'k' }

  it('is the configured one, else a small one of the first provider, else the demo', () => {
    expect(resolveDefaultModel({ compatible: {}, openai: key, defaultModel: 'ollama/llama' })).toBe('ollama/llama')
    expect(resolveDefaultModel({ compatible: {}, mistral: key, openai: key })).toBe('openai/gpt-6-luna')
    expect(resolveDefaultModel({ compatible: {}, anthropic: key })).toBe('anthropic/claude-haiku-4-5')
    expect(resolveDefaultModel({ compatible: {}, google: key })).toBe('google/gemini-3.5-flash-lite')
    expect(resolveDefaultModel({ compatible: {}, mistral: key })).toBe('mistral/mistral-small-latest')
    expect(resolveDefaultModel({ compatible: { ollama: { baseUrl: 'http://o.test' } } })).toBe('demo')
  })

  it('is described with the providers, and without keys', () => {
    const description = describeModels({
      compatible: { ollama: { baseUrl: 'http://user:secret@o.test/v1?key=secret' } },
      anthropic: { apiKey: 'secret' },
    })
    expect(description).toMatchObject({ defaultModel: 'anthropic/claude-haiku-4-5', demo: false })
    expect(description.providers.filter(({ configured }) => configured)).toEqual([
      { name: 'anthropic', configured: true, keyVariable: 'ANTHROPIC_API_KEY', baseUrl: null },
      {
        name: 'ollama',
        configured: true,
        keyVariable: 'FREEHOLD_MODEL_SERVER_OLLAMA_API_KEY',
        baseUrl: 'http://o.test/v1',
      },
    ])
    expect(JSON.stringify(description)).not.toContain('secret')
  })
})
