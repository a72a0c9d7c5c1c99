/** Pictures as PNG. Knows two optional packages, loaded when they are asked for: a renderer of SVG and the font it writes with. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { UserError } from '../envs/core/errors.ts'

/** What makes a PNG of an SVG, each with a file of it; neither package runs a script when it is installed. */
const NEEDED = { '@resvg/resvg-wasm': 'index_bg.wasm', 'dejavu-fonts-ttf': 'ttf/DejaVuSans.ttf' } as const

let ready: Promise<typeof import('@resvg/resvg-wasm')> | undefined

function load(require: NodeJS.Require): Promise<typeof import('@resvg/resvg-wasm')> {
  ready ??= (async () => {
    const renderer = require('@resvg/resvg-wasm') as typeof import('@resvg/resvg-wasm')
    await renderer.initWasm(readFileSync(require.resolve('@resvg/resvg-wasm/index_bg.wasm')))
    return renderer
  })()
  return ready
}

/**
 * A PNG of a picture that `drawPicture` made, with `scale` of its pixels for one of the picture's, above 0 and at most 8; 2 by default, for
 * print. Equal pictures give equal bytes on every machine. A UserError that says what to install where the packages are missing.
 */
export async function pngOf(svg: string, scale = 2): Promise<Uint8Array> {
  if (!(scale > 0 && scale <= 8)) throw new RangeError(`scale: expected a number above 0 and at most 8, got ${scale}`)
  const require = createRequire(import.meta.url)
  const missing = Object.entries(NEEDED).flatMap(([name, file]) => (found(require, `${name}/${file}`) ? [] : [name]))
  if (missing.length > 0)
    throw new UserError(`A PNG needs packages that are not installed: npm install ${missing.join(' ')}. An SVG needs none.`)
  const { Resvg } = await load(require)
  const font = (name: string): Buffer => readFileSync(require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`))
  const drawn = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    font: { fontBuffers: [font('DejaVuSans'), font('DejaVuSans-Bold')], defaultFontFamily: 'DejaVu Sans' },
  })
  return drawn.render().asPng()
}

function found(require: NodeJS.Require, file: string): boolean {
  try {
    require.resolve(file)
    return true
  } catch {
    return false
  }
}
