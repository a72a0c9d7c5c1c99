/** What people say of rollouts: added line by line, so that two who write at once both have theirs; exported and merged with the run. */
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compare as compareRuns, runsIn } from '../../evals/compare.ts'
import { mergeRuns } from '../../evals/merge.ts'
import { environments } from '../../index.ts'
import { exportRuns } from '../../rollouts/export/export.ts'
import { formatNamed } from '../../rollouts/export/formats.ts'
import { Unread } from '../../rollouts/jsonl.ts'
import { addNote, mergeNotes, readNoteRows, readNotes } from '../../rollouts/notes.ts'
import { FILES, readFigures } from '../../rollouts/store.ts'
import { playToy, seller, withFolder } from '../evals/toy_runs.ts'

const play = async (out: string, seeds: number[]) => (await playToy([seller], { out, seeds }))[0]!
const keysOf = (folder: string) => [...readFigures(folder)].map(({ key }) => key)

describe('notes and tags', () => {
  test('are added and never written over: both of two people have theirs, the later word on one thing counts', () =>
    withFolder(async out => {
      const folder = await play(out, [0])
      const [key] = keysOf(folder) as [string]
      const first = addNote(folder, { key, by: 'Ann', text: 'sells too early' }) as { id: string }
      addNote(folder, { key, by: 'Ben', text: 'why at step 3?' })
      addNote(folder, { key, tag: 'odd', set: true })
      addNote(folder, { key, by: 'Ben', tag: 'look again', set: true })
      addNote(folder, { key, tag: 'odd', set: false })
      addNote(folder, { key, id: first.id, by: 'Ann', text: 'sells at step 2 already' })
      const found = readNotes(folder).get(key)!
      expect(found.tags).toEqual(['look again'])
      expect(found.notes.map(({ by, text }) => `${by}: ${text}`)).toEqual(['Ann: sells at step 2 already', 'Ben: why at step 3?'])
      expect([...readNoteRows(folder)]).toHaveLength(6)
      addNote(folder, { key, id: first.id, text: '' })
      expect(readNotes(folder).get(key)!.notes).toHaveLength(1)
    }))

  test('a line that a kill cut off spoils no other', () =>
    withFolder(async out => {
      const folder = await play(out, [0])
      const [key] = keysOf(folder) as [string]
      addNote(folder, { key, tag: 'first', set: true })
      appendFileSync(join(folder, FILES.notes), '{"key":"torn')
      addNote(folder, { key, tag: 'second', set: true })
      const unread = new Unread()
      expect(readNotes(folder, unread).get(key)!.tags).toEqual(['first', 'second'])
      expect(unread.lines).toBe(1)
    }))

  test.each([
    [{ key: 'k', text: '' }, 'a note without a text'],
    [{ key: 'k', tag: 'two\nlines', set: true }, 'one line'],
    [{ key: 'k', tag: ' ', set: true }, 'tag'],
    [{ key: 'k', tag: 'x', set: 'yes' }, 'set'],
    [{ key: 'k', text: 'x', more: 1 }, 'more'],
    ['x', 'expected'],
  ])('%j is refused', (act, why) =>
    withFolder(async out => {
      expect(() => addNote(out, act)).toThrow(why)
    }),
  )

  test('go with the run: into an export as columns, into a merged run, and into no figure', () =>
    withFolder(async out => {
      const parts = [await play(join(out, 'a'), [0, 1]), await play(join(out, 'b'), [2])]
      const before = compareRuns(parts, { environments }).figures
      const [noted] = keysOf(parts[1]!) as [string]
      addNote(parts[1]!, { key: noted, by: 'Ann', text: 'look, "quotes" – and more' })
      addNote(parts[1]!, { key: noted, tag: 'odd', set: true })
      expect(compareRuns(parts, { environments }).figures).toEqual(before)
      const [merged] = mergeRuns(join(out, 'whole'), parts, { single: true })
      expect(readNotes(merged!.folder)).toEqual(readNotes(parts[1]!))
      // A line that two parts have is there once.
      mergeNotes(parts[0]!, [parts[1]!, merged!.folder])
      expect([...readNoteRows(parts[0]!)]).toHaveLength(2)
      expect(runsIn(merged!.folder)).toHaveLength(1)
      const options = { runs: [merged!.folder], format: formatNamed('verifiers'), out: join(out, 'data'), environments }
      await exportRuns(options)
      const rows = readFileSync(join(out, 'data', 'results.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
      expect(rows.map(({ info: { seed, tags, notes } }) => [seed, tags, notes])).toEqual([
        [0, [], []],
        [1, [], []],
        [2, ['odd'], ['look, "quotes" – and more']],
      ])
      const card = await exportRuns({ ...options, format: formatNamed('parquet'), out: join(out, 'table') })
      expect(Object.keys(card.files[0]!.columns!)).toEqual(expect.arrayContaining(['tags', 'notes']))
    }))
})
