/** Writes a picture to a file, as its name asks for. Knows the two kinds of file there are. */
import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import type { Picture } from '../economies/picture.ts'
import { UserError } from '../envs/core/errors.ts'
import { replaceFile } from '../rollouts/disk.ts'
import { type DrawOptions, drawPicture } from './draw.ts'
import { pngOf } from './png.ts'

const WRITE: Readonly<Record<string, (svg: string) => Uint8Array | Promise<Uint8Array>>> = {
  '.svg': svg => Buffer.from(svg),
  '.png': svg => pngOf(svg),
}

/**
 * Writes a picture to a new file whose name ends in .svg or .png, whole or not at all, and gives its bytes. A UserError where the name ends otherwise,
 * where something stands there, or where a PNG needs what is not installed; `shown` is what such an error calls the file.
 */
export async function writePicture(picture: Picture, path: string, options: DrawOptions = {}, shown = path): Promise<number> {
  const write = WRITE[extname(path).toLowerCase()]
  if (write === undefined) throw new UserError(`${shown}: expected a name that ends in ${Object.keys(WRITE).join(' or ')}.`)
  if (existsSync(path)) throw new UserError(`${shown} exists already: move it away, or choose another file.`)
  const bytes = await write(drawPicture(picture, options))
  replaceFile(path, to => to(Buffer.from(bytes)))
  return bytes.length
}
