// The OpenAI SDK for Node alone: URL, calls, how many at once.
import OpenAI from 'openai'

const [url, calls, atOnce] = process.argv.slice(2)
const client = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 })
const tools = [{ type: 'function', function: { name: 'act', parameters: { type: 'object', properties: {} } } }]
let left = Number(calls)
const ask = async () => {
  while (left-- > 0)
    await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'What do you do?' }], tools })
}
await Promise.all(Array.from({ length: Number(atOnce) }, ask))
