/** Fifty games at once, two hundred people at their pages: nothing that was decided is lost, and how long an action takes. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import type { DecisionRow } from '../../host/files.ts'
import { type Call, economies, replay } from '../../index.ts'
import { readSteps } from '../../rollouts/store.ts'
import { firstProposal, Person } from '../host/person.ts'

const [GAMES, SEATS] = [50, 4]
const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'bin', 'agoragym.js')

test('two hundred people in fifty games lose nothing', async () => {
  const out = mkdtempSync(join(tmpdir(), 'agoragym-hosts-'))
  const words = [
    'host',
    'sim_economy',
    '--preset',
    'short',
    '--human',
    `${SEATS}`,
    '--games',
    `${GAMES}`,
    '--port',
    '0',
    '--json',
  ]
  const child = spawn(process.execPath, [PROGRAM, ...words, '--out', out], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const begun = JSON.parse((await lines.next()).value as string) as {
      readonly links: readonly { readonly game: number; readonly seat: string; readonly link: string }[]
    }
    expect(begun.links).toHaveLength(GAMES * SEATS)
    const sent = new Map<string, (readonly Call[])[]>()
    const took: number[] = []
    const people = begun.links.map(({ game, seat, link }) => {
      const mine: (readonly Call[])[] = []
      sent.set(`${game} ${seat}`, mine)
      const person = new Person(link, view => {
        const calls = firstProposal(view)
        mine.push(calls)
        return calls
      })
      const ask = person.ask.bind(person)
      person.ask = async message => {
        const start = performance.now()
        const answer = await ask(message)
        if (message.type === 'decide') took.push(performance.now() - start)
        if (!answer.ok) throw new Error(`game ${game}, ${seat}: ${answer.texts.join('; ')}`)
        return answer
      }
      return person
    })
    // They come over a while, as people do; a third of them leave and come back.
    const start = performance.now()
    const ends = await Promise.all(
      people.map(async (person, i) => {
        await new Promise(resolve => setTimeout(resolve, 10 * i))
        await person.come()
        return person.play({ leaves: i % 3 === 0 ? 3 : 1000 })
      }),
    )
    const seconds = (performance.now() - start) / 1000
    expect(new Set(ends.map(({ stage }) => stage))).toEqual(new Set(['over']))
    await lines.next()
    const folder = join(out, readdirSync(out)[0]!)
    const decided = readFileSync(join(folder, 'decisions.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as DecisionRow)
    const logs = [...readSteps(folder)]
    expect(logs).toHaveLength(GAMES)
    const { env } = economies.get('sim_economy')
    for (const log of logs) {
      expect(JSON.parse(JSON.stringify(replay(env, log).steps))).toEqual(log.steps)
      for (const { seat } of begun.links.filter(({ game }) => game === log.header.repeat)) {
        const mine = sent.get(`${log.header.repeat} ${seat}`)!
        expect(log.steps.flatMap(({ decisions }) => (decisions[seat] ? [decisions[seat].calls] : []))).toEqual(mine)
        expect(decided.filter(({ key, agent }) => key === log.key && agent === seat).map(({ calls }) => calls)).toEqual(mine)
      }
    }
    took.sort((a, b) => a - b)
    const at = (share: number): string => took[Math.floor(share * took.length)]!.toFixed(1)
    console.log(
      `${GAMES} games, ${GAMES * SEATS} people, ${took.length} actions in ${seconds.toFixed(1)} s: an action takes ${at(0.5)} ms (median), ${at(0.95)} ms (p95), ${took.at(-1)!.toFixed(1)} ms at most`,
    )
  } finally {
    child.kill('SIGINT')
    rmSync(out, { recursive: true, force: true })
  }
})
