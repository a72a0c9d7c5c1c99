/** The lock of a folder: who owns it, when its owner is taken to be gone, and that a race has one winner. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RunError } from '../../rollouts/errors.ts'
import { FolderLock, LEASE } from '../../rollouts/lock.ts'
import { scratch } from './table.ts'

const at = (): string => join(scratch(), 'lock')

/** A lock that says something else than it did. */
function forge(path: string, fields: object): void {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...fields }))
}

/** Makes a lock look as if it had been written so many milliseconds ago. */
function age(path: string, ms: number): void {
  const then = (Date.now() - ms) / 1000
  utimesSync(path, then, then)
}

describe('a lock', () => {
  test('is one file that says whose it is, and is gone with its owner', () => {
    const path = at()
    const lock = new FolderLock(path)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid })
    expect(readdirSync(join(path, '..'))).toEqual(['lock'])
    lock.check()
    lock.release()
    expect(existsSync(path)).toBe(false)
  })

  test('of a process that is gone is taken, also where another process has its number since', () => {
    const path = at()
    new FolderLock(path).check()
    forge(path, { id: 'before', started: '1' })
    new FolderLock(path).check()
    forge(path, { id: 'before', pid: 2 ** 22 + 1 })
    const lock = new FolderLock(path)
    lock.check()
    lock.release()
  })

  test('of another machine holds while it shows life, and is taken once a lease has passed without', () => {
    const path = at()
    new FolderLock(path).check()
    forge(path, { id: 'far', place: 'elsewhere', host: 'node-7', pid: 7 })
    expect(() => new FolderLock(path)).toThrow(RunError)
    expect(() => new FolderLock(path)).toThrow(
      /is being played by process 7 on node-7: wait until it ends.*if it is gone, that is known in \d+ s \(\S+\/lock\)\.$/,
    )
    age(path, LEASE + 5000)
    const lock = new FolderLock(path)
    expect(JSON.parse(readFileSync(path, 'utf8')).pid).toBe(process.pid)
    lock.release()
  })

  test('that an earlier version or a crash left holds no longer than a lease', () => {
    for (const text of [String(process.pid), '', '{"id":', 'null']) {
      const path = at()
      writeFileSync(path, text)
      expect(() => new FolderLock(path), text).toThrow(/is being played by/)
      age(path, LEASE + 5000)
      new FolderLock(path).release()
    }
  })

  test('in a copy of a folder is nobody’s', () => {
    const path = at()
    const lock = new FolderLock(path)
    const copy = join(scratch(), 'copy')
    cpSync(join(path, '..'), copy, { recursive: true })
    new FolderLock(join(copy, 'lock')).release()
    lock.check()
    lock.release()
  })

  test('that was taken over lets its first owner write nothing more', () => {
    const path = at()
    const first = new FolderLock(path)
    const second = new FolderLock(path)
    expect(() => first.check()).toThrow(/is another's by now/)
    first.release()
    second.check()
    expect(existsSync(path)).toBe(true)
    second.release()
  })

  test('is no link and no folder', () => {
    const linked = at()
    symlinkSync(join(scratch(), 'elsewhere'), linked)
    expect(() => new FolderLock(linked)).toThrow(/no file that this program has made/)
    const folder = at()
    mkdirSync(folder)
    expect(() => new FolderLock(folder)).toThrow(/no file that this program has made/)
  })
})
