/** A server that is killed and started again: the same links lead to the same seats, and nothing that was decided is lost. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DecisionRow } from '../../host/files.ts'
import type { SeatView } from '../../host/messages.ts'
import { economies, replay } from '../../index.ts'
import { readCalls, readSteps } from '../../rollouts/store.ts'
import { type FakeProvider, randomCalls, startFakeProvider } from '../../testing.ts'
import { type Built, build } from '../built.ts'
import { Person } from './person.ts'

let built: Built
let out = ''
let model: FakeProvider
const children = new Set<ChildProcess>()
beforeAll(async () => {
  built = await build()
  model = await startFakeProvider({ script: randomCalls })
  out = mkdtempSync(join(tmpdir(), 'agoragym-killed-'))
}, 60_000)
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await model.close()
  built.remove()
  rmSync(out, { recursive: true, force: true })
})

interface Begun {
  readonly url: string
  readonly monitor: string
  readonly links: readonly { readonly seat: string; readonly link: string }[]
}

/** A process of `agoragym host`, once it has told its links; `line` gives what it says next. */
async function begin(more: readonly string[], folder = out) {
  const words = [
    'host',
    'sim_economy',
    '--preset',
    'short',
    '--human',
    'agent_0,agent_1',
    '--seat',
    `agent_2=openai:m@${model.url}`,
    '--out',
    folder,
    '--json',
    ...more,
  ]
  const child = spawn(process.execPath, [built.program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let told = ''
  child.stderr.on('data', data => {
    told += data
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))
  const line = async (): Promise<unknown> => {
    const { value } = await lines.next()
    if (value === undefined) throw new Error(`the server has ended: ${told}`)
    return JSON.parse(value as string)
  }
  return { child, ended, line, told: () => told, begun: (await line()) as Begun }
}

test('after kill -9 people go on where they were, with the links they have', async () => {
  const first = await begin(['--port', '0'])
  const { links } = first.begun
  expect(links.map(({ seat }) => seat)).toEqual(['agent_0', 'agent_1'])
  const people = links.map(({ link }) => new Person(link))
  const [one, other] = people as [Person, Person]
  await Promise.all(people.map(person => person.come()))
  // One goes on playing whenever the server lets them; the other has a turn before them when it dies.
  const otherEnd = other.play()
  const before = await one.play({ until: ({ turn, stage }) => stage === 'playing' && turn!.turn >= 2 })
  await other.until(({ stage }) => stage === 'others')
  const gone = people.map(person => person.closed())
  first.child.kill('SIGKILL')
  await Promise.all([first.ended, ...gone])
  const name = readdirSync(out).find(each => each.startsWith('sim_economy'))
  const rows = (): DecisionRow[] =>
    readFileSync(join(out, name!, 'decisions.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(text => JSON.parse(text) as DecisionRow)
  const decided = rows()

  const second = await begin(['--port', new URL(first.begun.url).port, '--resume'])
  expect(second.begun).toEqual(first.begun)
  await Promise.all(people.map(person => person.come()))
  const { turn, history, told } = await one.until(({ stage }) => stage === 'playing')
  expect([turn, history, told]).toEqual([before.turn, before.history, before.told])
  const ends = [await one.play(), await otherEnd]
  expect(ends.map(({ stage }) => stage)).toEqual(['over', 'over'])
  const { runs } = (await second.line()) as { readonly runs: readonly object[] }
  expect(runs).toHaveLength(1)
  second.child.kill('SIGINT')
  expect(await second.ended).toBe(0)

  const [log] = [...readSteps(join(out, name!))]
  const { env } = economies.get('sim_economy')
  expect(JSON.parse(JSON.stringify(replay(env, log!).steps))).toEqual(log!.steps)
  expect(rows().slice(0, decided.length)).toEqual(decided)
  for (const agent of ['agent_0', 'agent_1']) {
    const mine = rows().filter(row => row.agent === agent)
    expect(mine.map(({ turn }) => turn)).toEqual(mine.map((_, i) => i))
    expect(mine.map(({ calls }) => calls)).toEqual(
      log!.steps.flatMap(({ decisions }) => (decisions[agent] ? [decisions[agent].calls] : [])),
    )
  }
  // A model's answers are heard again and not asked for: each was paid for once.
  const calls = [...readCalls(join(out, name!))]
  expect(calls.length).toBeGreaterThan(5)
  expect(model.requests).toHaveLength(calls.length)
  // It is over: the same links tell how it ended.
  const third = await begin(['--port', new URL(first.begun.url).port, '--resume'])
  const back = await one.come()
  const end = await back.until(({ stage }) => stage === 'over')
  // What came of the very last decision is in the log alone.
  const without = (view: SeatView) => ({ ...view, history: view.history.slice(0, -1) })
  expect(without(end)).toEqual(without(ends[0]!))
  third.child.kill('SIGINT')
  expect(await third.ended).toBe(0)
}, 60_000)

test('Ctrl-C says how to go on, and a run is hosted once', async () => {
  const folder = join(out, 'another')
  const first = await begin(['--port', '0'], folder)
  await expect(begin(['--port', '0', '--resume'], folder)).rejects.toThrow('is being played by process')
  first.child.kill('SIGINT')
  expect(await first.ended).toBe(1)
  expect(first.told()).toContain('People were still playing')
  expect(first.told()).toMatch(/Stopped after 0 of 1 rollout\. Go on with: agoragym host sim_economy .*--resume/)
}, 60_000)
