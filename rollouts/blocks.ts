/**
 * Files of lines that are written a batch at a time and read anywhere: plain JSON Lines, or compressed with one block a batch, each of
 * which says how long it is, so that a reader leaps from one to the next and a torn one is told at once. Knows no rows.
 */
import { existsSync, statSync, truncateSync } from 'node:fs'
import { brotliCompressSync, brotliDecompressSync, constants, crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { PlaceReader } from './disk.ts'
import { Appender, LONGEST, lines, NEWLINE } from './jsonl.ts'

/** How a file of lines is kept. */
export const COMPRESSIONS = ['none', 'gzip', 'brotli'] as const
export type Compression = (typeof COMPRESSIONS)[number]

/** Where a line lies: the block's first byte and length in the file, the line's first byte and length in what the block holds. */
export type Place = readonly [start: number, length: number, at: number, size: number]

/** A line of a file and where it lies. */
export interface PlacedLine {
  readonly bytes: Buffer
  readonly place: Place
}

/** Blocks that are held unpacked by a reader: rollouts that ended side by side lie in few. */
const HELD = 8

/** A form of blocks. */
interface Codec {
  /** What the name of a file ends with. */
  readonly suffix: string
  /** Bytes of a block that tell its length. */
  readonly head: number
  pack(bytes: Buffer): Buffer
  /** The length that a block's first bytes tell; undefined where they begin none. */
  lengthIn(head: Buffer): number | undefined
  /** What a block holds; undefined where it is not whole. May throw there, too. */
  content(whole: Buffer): Buffer | undefined
}

/** Bytes before and after the deflated data of a member: a header with a field of 4 bytes, and a trailer of CRC-32 and length. */
const [HEAD, TAIL] = [20, 8]

/** Gzip members (RFC 1952), any gunzip reads them; the extra field `AG` holds the member's length in bytes, little-endian. */
const GZIP: Codec = {
  suffix: '.gz',
  head: HEAD,
  pack(bytes) {
    const deflated = deflateRawSync(bytes)
    const whole = Buffer.alloc(HEAD + deflated.length + TAIL)
    whole.set([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 8, 0, 0x41, 0x47, 4, 0])
    whole.writeUInt32LE(whole.length, 16)
    whole.set(deflated, HEAD)
    whole.writeUInt32LE(crc32(bytes), whole.length - 8)
    whole.writeUInt32LE(bytes.length % 2 ** 32, whole.length - 4)
    return whole
  },
  lengthIn(head) {
    if (head.length < HEAD || head.readUInt32LE(0) !== 0x04088b1f || head.readUInt32LE(12) !== 0x00044741) return undefined
    return head.readUInt32LE(16)
  },
  content(whole) {
    if (whole.length < HEAD + TAIL) return undefined
    const content = inflateRawSync(whole.subarray(HEAD, whole.length - TAIL), { maxOutputLength: LONGEST })
    return crc32(content) === whole.readUInt32LE(whole.length - TAIL) ? content : undefined
  },
}

/** `AGBR`, the length of the block and the CRC-32 of what it holds, little-endian; then a brotli stream (RFC 7932). */
const BROTLI_HEAD = 12
const MAGIC = 0x52424741

/**
 * Sees the whole batch where gzip sees the last 32 kB of it, and a rollout is longer than that: of two that say the same the second
 * costs next to nothing. Quality 5 takes the processor time of gzip's usual level.
 */
const BROTLI: Codec = {
  suffix: '.br',
  head: BROTLI_HEAD,
  pack(bytes) {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: 5,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    }
    const packed = brotliCompressSync(bytes, { params })
    const whole = Buffer.alloc(BROTLI_HEAD + packed.length)
    whole.writeUInt32LE(MAGIC, 0)
    whole.writeUInt32LE(whole.length, 4)
    whole.writeUInt32LE(crc32(bytes), 8)
    whole.set(packed, BROTLI_HEAD)
    return whole
  },
  lengthIn(head) {
    return head.length < BROTLI_HEAD || head.readUInt32LE(0) !== MAGIC ? undefined : head.readUInt32LE(4)
  },
  content(whole) {
    const content = brotliDecompressSync(whole.subarray(BROTLI_HEAD), { maxOutputLength: LONGEST })
    return crc32(content) === whole.readUInt32LE(8) ? content : undefined
  },
}

const CODECS: Readonly<Record<Exclude<Compression, 'none'>, Codec>> = { gzip: GZIP, brotli: BROTLI }

/** How the file of that name is kept. */
export function compressionOf(path: string): Compression {
  const found = (Object.keys(CODECS) as (keyof typeof CODECS)[]).find(name => path.endsWith(CODECS[name].suffix))
  return found ?? 'none'
}

const codecOf = (path: string): Codec | undefined => {
  const compression = compressionOf(path)
  return compression === 'none' ? undefined : CODECS[compression]
}

/** The names that a file of lines may have. */
export const blockNames = (name: string): string[] => [name, ...Object.values(CODECS).map(({ suffix }) => name + suffix)]

/** What a block holds; undefined where it is not whole. */
function contentOf(codec: Codec, whole: Buffer): Buffer | undefined {
  if (codec.lengthIn(whole) !== whole.length) return undefined
  try {
    return codec.content(whole)
  } catch {
    return undefined
  }
}

/** The file of that name in whatever form, where there is one; `otherwise` where there is none. */
export function blockPath(path: string, otherwise: Compression = 'none'): string {
  return blockNames(path).find(existsSync) ?? path + (otherwise === 'none' ? '' : CODECS[otherwise].suffix)
}

/** Lines, given without line ends, as one batch of the file of that name. */
export function batchOf(path: string, texts: readonly string[]): Buffer {
  const bytes = Buffer.from(texts.map(text => `${text}\n`).join(''))
  return codecOf(path)?.pack(bytes) ?? bytes
}

/** Appends batches of lines. */
export class BlockAppender {
  readonly path: string
  readonly #appender: Appender

  constructor(path: string) {
    this.path = path
    this.#appender = new Appender(path)
  }

  /** Appends lines, given without line ends, as one batch, and says where they lie. Throws a RunError where the disk refuses. */
  append(texts: readonly string[]): Place[] {
    if (texts.length === 0) return []
    const sizes = texts.map(text => Buffer.byteLength(text))
    if (compressionOf(this.path) === 'none') {
      let start = this.#appender.append(...texts)
      return sizes.map(size => {
        const place: Place = [start, size + 1, 0, size]
        start += size + 1
        return place
      })
    }
    const whole = batchOf(this.path, texts)
    const start = this.#appender.appendBytes(whole)
    let at = 0
    return sizes.map(size => {
      const place: Place = [start, whole.length, at, size]
      at += size + 1
      return place
    })
  }

  close(): void {
    this.#appender.close()
  }
}

/** The whole lines of a file from a byte on, which begins a block, and up to another; none where there is no file. */
export function* placedLines(path: string, from = 0, to = Number.POSITIVE_INFINITY): Generator<PlacedLine> {
  const codec = codecOf(path)
  if (codec === undefined) {
    for (const { bytes, start, length, torn } of lines(path, false, from)) {
      if (torn || start >= to) return
      yield { bytes, place: [start, length + 1, 0, length] }
    }
    return
  }
  if (!existsSync(path)) return
  const reader = new BlockReader(path)
  try {
    for (let start = from; start < to; ) {
      const length = codec.lengthIn(reader.raw(start, codec.head))
      const content = length === undefined ? undefined : contentOf(codec, reader.raw(start, length))
      if (length === undefined || content === undefined) return
      let at = 0
      for (let end = content.indexOf(NEWLINE); end >= 0; end = content.indexOf(NEWLINE, at)) {
        yield { bytes: content.subarray(at, end), place: [start, length, at, end - at] }
        at = end + 1
      }
      start += length
    }
  } finally {
    reader.close()
  }
}

/** Where the whole blocks of a file end, looked for from the end of one. */
export function wholeEnd(path: string, from = 0): number {
  let end = from
  for (const { place } of placedLines(path, from)) end = place[0] + place[1]
  return end
}

/** Cuts off what is not whole. */
export function cutTorn(path: string, end: number): void {
  if (existsSync(path) && statSync(path).size > end) truncateSync(path, end)
}

/** A file kept open, its lines read anywhere. */
export class BlockReader {
  readonly #codec: Codec | undefined
  readonly #file: PlaceReader
  readonly #blocks = new Map<number, Buffer>()

  constructor(path: string) {
    this.#codec = codecOf(path)
    this.#file = new PlaceReader(path)
  }

  /** Bytes as they stand in the file; fewer at its end. */
  raw(start: number, length: number): Buffer {
    return this.#file.bytes(start, length)
  }

  /** The line that lies there; undefined where the block is not whole. */
  line([start, length, at, size]: Place): Buffer | undefined {
    const codec = this.#codec
    if (codec === undefined) {
      const bytes = this.raw(start, length)
      return bytes.length === length && bytes[size] === NEWLINE ? bytes.subarray(0, size) : undefined
    }
    let block = this.#blocks.get(start)
    if (block === undefined) {
      block = contentOf(codec, this.raw(start, length))
      if (block === undefined) return undefined
      if (this.#blocks.size === HELD) this.#blocks.delete(this.#blocks.keys().next().value!)
      this.#blocks.set(start, block)
    }
    return block[at + size] === NEWLINE ? block.subarray(at, at + size) : undefined
  }

  close(): void {
    this.#file.close()
  }
}
