/** Real servers for tests: an oTree project on loopback with SQLite, and `agoragym serve`. Knows processes; knows no page. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, dirname, join, resolve } from 'node:path'

const CLI = resolve(import.meta.dirname, '../../dist/bin/agoragym.js')

/** The program `otree`: the environment variable OTREE, or the one on the path; undefined where there is none. */
export const OTREE =
  process.env.OTREE ??
  (process.env.PATH ?? '')
    .split(delimiter)
    .map(folder => join(folder, 'otree'))
    .find(path => existsSync(path))

export const REST_KEY = 'test-key'

/** A process and everything that it started. */
interface Running {
  readonly child: ChildProcess
  readonly log: string
}

function start(command: string, words: readonly string[], cwd: string, env: NodeJS.ProcessEnv, log: string): Running {
  const to = openSync(log, 'a')
  const child = spawn(command, words, { cwd, env, detached: true, stdio: ['ignore', to, to] })
  closeSync(to)
  return { child, log }
}

async function end({ child }: Running): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const gone = new Promise(done => child.once('exit', done))
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    return
  }
  await gone
}

async function until(what: string, ready: () => Promise<boolean>, running: Running, seconds = 90): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; ) {
    if (await ready().catch(() => false)) return
    if (running.child.exitCode !== null) break
    await new Promise(later => setTimeout(later, 100))
  }
  throw new Error(`${what} did not start:\n${readFileSync(running.log, 'utf8').slice(-4000)}`)
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  await new Promise(closed => server.close(closed))
  return port
}

/** A server that can be killed and started again on its port. */
export interface Restartable {
  readonly url: string
  stop(): Promise<void>
  start(): Promise<void>
  log(): string
}

/** `agoragym serve`, compiled. */
export async function agoragymServer(folder: string, words: readonly string[] = []): Promise<Restartable> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  return restartable(url, join(folder, 'agoragym.log'), async log => {
    const running = start(process.execPath, [CLI, 'serve', '--port', String(port), ...words], folder, process.env, log)
    await until('agoragym serve', async () => (await fetch(`${url}/ready`)).ok, running)
    return running
  })
}

/** `otree prodserver` of a project, with its timeout worker. */
export async function otreeServer(project: string, env: Readonly<Record<string, string>> = {}): Promise<Restartable> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const all = otreeEnv(env)
  execFileSync(OTREE!, ['resetdb', '--noinput'], { cwd: project, env: all, stdio: 'ignore' })
  return restartable(url, join(project, 'otree.log'), async log => {
    const workers = (): number => (existsSync(log) ? readFileSync(log, 'utf8').split('timeoutworker is listening').length : 1)
    const before = workers()
    const running = start(OTREE!, ['prodserver', `127.0.0.1:${port}`], project, all, log)
    // Its worker, which minds time limits, begins by writing to the database: a request meanwhile could be its end.
    const ready = async (): Promise<boolean> =>
      workers() > before && (await fetch(`${url}/api/otree_version`, { headers: KEY })).ok
    await until('otree prodserver', ready, running)
    return running
  })
}

/** `otree test` and the like: what it said. Throws where it fails. */
export function otree(words: readonly string[], project: string, env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync(OTREE!, words, { cwd: project, env: otreeEnv(env), encoding: 'utf8' })
  if (status !== 0) throw new Error(`otree ${words.join(' ')}:\n${stdout}${stderr}`)
  return stdout + stderr
}

/** What a Python program prints as JSON, run with oTree's interpreter; `input` is its standard input as JSON. */
export function python(project: string, program: string, input: object): unknown {
  const interpreter = join(dirname(resolve(OTREE!)), 'python')
  return JSON.parse(execFileSync(interpreter, ['-c', program], { cwd: project, input: JSON.stringify(input), encoding: 'utf8' }))
}

/** The compiled program while this process goes on serving: what it said. Throws where it fails. */
export async function agoragymBeside(words: readonly string[], cwd: string): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...words], { cwd, env: { ...process.env, OTREE_REST_KEY: REST_KEY } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (said += chunk))
  const code = await new Promise(closed => child.on('close', closed))
  if (code !== 0) throw new Error(`agoragym ${words.join(' ')}: ${said}`)
  return said
}

export function agoragym(words: readonly string[], cwd: string): string {
  return execFileSync(process.execPath, [CLI, ...words], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

const KEY = { 'otree-rest-key': REST_KEY }

/** oTree starts its worker by name, so that its folder is on the path. */
function otreeEnv(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${dirname(resolve(OTREE!))}${delimiter}${process.env.PATH}`,
    OTREE_PRODUCTION: '1',
    PYTHONUNBUFFERED: '1',
    OTREE_ADMIN_PASSWORD: 'test-password',
    OTREE_REST_KEY: REST_KEY,
    ...more,
  }
}

async function restartable(url: string, log: string, run: (log: string) => Promise<Running>): Promise<Restartable> {
  let running: Running | undefined = await run(log)
  return {
    url,
    async stop() {
      if (running !== undefined) await end(running)
      running = undefined
    },
    async start() {
      running ??= await run(log)
    },
    log: () => readFileSync(log, 'utf8'),
  }
}

/** oTree's REST interface: the answer's JSON. Throws where it is refused. */
export async function rest<R>(url: string, path: string, body: object): Promise<R> {
  const response = await fetch(`${url}/api/${path}`, {
    method: 'POST',
    headers: { ...KEY, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as R
}

/** A CSV export of oTree, as rows by column. */
export async function csv(url: string, path: string): Promise<Record<string, string>[]> {
  const response = await fetch(`${url}/${path}`, { headers: KEY })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 400)}`)
  const [head, ...rows] = csvRows(text)
  return rows.map(row => Object.fromEntries(head!.map((name, i) => [name, row[i] ?? ''])))
}

function csvRows(text: string): string[][] {
  const rows: string[][] = [[]]
  let cell = ''
  let quoted = false
  const characters = text.replace(/^\uFEFF/, '')
  for (let i = 0; i < characters.length; i++) {
    const c = characters[i]!
    if (quoted && c === '"' && characters[i + 1] === '"') {
      cell += '"'
      i++
    } else if (c === '"') quoted = !quoted
    else if (!quoted && (c === ',' || c === '\n')) {
      rows.at(-1)!.push(cell)
      cell = ''
      if (c === '\n') rows.push([])
    } else if (quoted || c !== '\r') cell += c
  }
  return rows.filter(row => row.length > 1)
}
