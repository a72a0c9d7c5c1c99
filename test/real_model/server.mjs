// Chat Completions over a model file, with node-llama-cpp: `node server.mjs FOLDER MODEL PORT`, where FOLDER has the package installed.
// Knows ChatML and one request at a time. A tool that must be called is called: its arguments are generated under the grammar of
// its schema; otherwise the model talks.
import { createServer } from 'node:http'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, modelPath, port] = process.argv.slice(2)
const entry = join(folder, 'node_modules', 'node-llama-cpp', 'dist', 'index.js')
const { getLlama, LlamaCompletion } = await import(pathToFileURL(entry).href)
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' })
const model = await llama.loadModel({ modelPath })
const context = await model.createContext({ contextSize: 8192, threads: availableParallelism() })
const completion = new LlamaCompletion({ contextSequence: context.getSequence() })

const turn = (role, content) => `<|im_start|>${role}\n${content ?? ''}<|im_end|>\n`

async function answer({ messages, tools = [], tool_choice: choice, max_tokens: maxTokens = 128, temperature = 0 }) {
  const forced = tools.find(({ function: { name } }) => name === choice?.function?.name)?.function
  const told = tools.map(({ function: { name, description } }) => `${name}: ${description}`).join('\n')
  const asked = forced === undefined ? '' : turn('system', `Answer with the JSON arguments of ${forced.name}.`)
  const text = `${turn('system', `Tools:\n${told}`)}${messages.map(({ role, content }) => turn(role, content)).join('')}${asked}<|im_start|>assistant\n`
  const prompt = model.tokenize(text, true)
  const grammar = forced && (await llama.createGrammarForJsonSchema(forced.parameters))
  const said = await completion.generateCompletion(prompt, { maxTokens, temperature, ...(grammar && { grammar }) })
  const message = forced
    ? { content: null, tool_calls: [{ id: 'call_0', type: 'function', function: { name: forced.name, arguments: said } }] }
    : { content: said }
  const usage = { prompt_tokens: prompt.length, completion_tokens: model.tokenize(said).length }
  return {
    id: 'chat_0',
    object: 'chat.completion',
    model: 'smollm2',
    choices: [{ index: 0, finish_reason: forced ? 'tool_calls' : 'stop', message: { role: 'assistant', ...message } }],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  }
}

let last = Promise.resolve()
createServer(async (request, response) => {
  const reply = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (request.method === 'GET') return reply(200, { object: 'list', data: [{ id: 'smollm2', object: 'model' }] })
  let text = ''
  for await (const chunk of request) text += chunk
  last = last
    .then(() => answer(JSON.parse(text)))
    .then(
      body => reply(200, body),
      error => reply(500, { error: { message: String(error) } }),
    )
}).listen(Number(port), '127.0.0.1')
