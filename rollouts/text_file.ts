/**
 * Small files that people write or other programs leave: read as text or JSON within limits, so that whatever a path leads to ends in
 * one line. Knows no content.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { UserError } from '../envs/core/errors.ts'
import { DEEPEST, nestsTooDeep, textOf } from './jsonl.ts'

/** Bytes of such a file at most. */
export const MOST = 64 << 20

/**
 * The text of a file, UTF-8, without a byte order mark. A UserError in the words of `tell`, which gets the reason, where it cannot
 * be read, is a folder, has no end within `most` bytes, or is no such text.
 */
export function readText(path: string | URL, tell: (why: string) => string, most = MOST): string {
  let bytes: Buffer
  try {
    bytes = readBytes(path, most)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UserError(tell(code === 'EISDIR' ? 'it is a folder' : (code ?? message)))
  }
  if (bytes.length > most) throw new UserError(tell(`it is larger than ${most >> 20} MiB`))
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UserError(tell('it is no text in UTF-8'))
  }
  return textOf(bytes)
}

/** The bytes of a file, one more than `most` where it has more: a device may have no end. */
function readBytes(path: string | URL, most: number): Buffer {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' })
    const chunks: Buffer[] = []
    for (let size = 0; size <= most; ) {
      const chunk = Buffer.allocUnsafe(Math.min(1 << 16, most + 1 - size))
      const read = readSync(file, chunk, 0, chunk.length, null)
      if (read === 0) break
      chunks.push(chunk.subarray(0, read))
      size += read
    }
    return Buffer.concat(chunks)
  } finally {
    closeSync(file)
  }
}

/** The value of a JSON text. A UserError in the words of `tell`, which gets what is wrong, where it is none or nests too deep. */
export function parseJson(text: string, tell: (why: string) => string): unknown {
  const own = text.startsWith('\ufeff') ? text.slice(1) : text
  if (nestsTooDeep(Buffer.from(own))) throw new UserError(tell(`it nests deeper than ${DEEPEST} levels`))
  try {
    return JSON.parse(own)
  } catch (error) {
    throw new UserError(tell((error as Error).message))
  }
}
