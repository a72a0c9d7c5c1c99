/**
 * Model providers by the word that begins their player strings: URL, protocol, and the variable that holds the key. One table
 * that a program can add to. Sends nothing and reads no key.
 */
import { UserError } from '../../envs/core/errors.ts'
import { whyNoPlayerWord } from '../player.ts'

/** Whose SDK speaks to it: `openai` for Chat Completions and Responses, `anthropic` for Messages. */
export type Protocol = 'openai' | 'anthropic'

export interface ProviderFacts {
  /** The base URL of its API, where a player string names no other. */
  readonly url: string
  readonly protocol: Protocol
  /** The environment variable with its key, which goes to that URL and nowhere else; null where none is needed. */
  readonly key: string | null
}

/** Base URLs and variables as the providers' own documentation names them. */
const PROVIDERS = new Map<string, ProviderFacts>(
  Object.entries({
    openai: { url: 'https://api.openai.com/v1', protocol: 'openai', key: 'OPENAI_API_KEY' },
    anthropic: { url: 'https://api.anthropic.com', protocol: 'anthropic', key: 'ANTHROPIC_API_KEY' },
    google: {
      url: 'https://generativelanguage.googleapis.com/v1beta/openai',
      protocol: 'openai',
      key: 'GEMINI_API_KEY',
    },
    openrouter: { url: 'https://openrouter.ai/api/v1', protocol: 'openai', key: 'OPENROUTER_API_KEY' },
    groq: { url: 'https://api.groq.com/openai/v1', protocol: 'openai', key: 'GROQ_API_KEY' },
    together: { url: 'https://api.together.xyz/v1', protocol: 'openai', key: 'TOGETHER_API_KEY' },
    deepseek: { url: 'https://api.deepseek.com', protocol: 'openai', key: 'DEEPSEEK_API_KEY' },
    mistral: { url: 'https://api.mistral.ai/v1', protocol: 'openai', key: 'MISTRAL_API_KEY' },
    xai: { url: 'https://api.x.ai/v1', protocol: 'openai', key: 'XAI_API_KEY' },
    fireworks: { url: 'https://api.fireworks.ai/inference/v1', protocol: 'openai', key: 'FIREWORKS_API_KEY' },
    ollama: { url: 'http://localhost:11434/v1', protocol: 'openai', key: null },
    vllm: { url: 'http://localhost:8000/v1', protocol: 'openai', key: null },
    lmstudio: { url: 'http://localhost:1234/v1', protocol: 'openai', key: null },
    prime: { url: 'https://api.pinference.ai/api/v1', protocol: 'openai', key: 'PRIME_API_KEY' },
  } satisfies Readonly<Record<string, ProviderFacts>>),
)

/** Every provider, by name: a copy. */
export function providers(): Readonly<Record<string, ProviderFacts>> {
  return Object.fromEntries(PROVIDERS)
}

/** The provider of that name; undefined where there is none. */
export function providerNamed(name: string): ProviderFacts | undefined {
  return PROVIDERS.get(name)
}

/**
 * Adds a provider, or replaces one: from then on `NAME:MODEL` is a player. Names are lower-case words. A UserError where the
 * name, the URL or the variable cannot be one.
 */
export function registerProvider(name: string, { url, protocol, key }: ProviderFacts): void {
  const wrong = (what: string) => new UserError(`Provider '${name.slice(0, 64)}': ${what}.`)
  const why = whyNoPlayerWord(name)
  if (why !== undefined) throw wrong(why)
  if (!/^https?:\/\/[^\s?#]+$/.test(url) || !URL.canParse(url))
    throw wrong(`expected a url such as https://host/v1, got '${url.slice(0, 64)}'`)
  if (protocol !== 'openai' && protocol !== 'anthropic') throw wrong('expected the protocol openai or anthropic')
  if (key !== null && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
    throw wrong(`expected key to name an environment variable, or null, got '${String(key).slice(0, 64)}'`)
  PROVIDERS.set(name, { url, protocol, key })
}
