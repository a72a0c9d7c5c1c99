/**
 * The generator that the colony's reconstruction was made with: sfc32 (Chris Doty-Humphrey), seeded from an ASCII label by
 * FNV-1a and a mixer. Its golden digests prove the rules apart from the package's own streams.
 */
import type { Draw, Open } from '../../../envs/mars_colony/substrate.ts'

export class Sfc32 implements Draw {
  private a: number
  private b: number
  private c: number
  private d = 1

  constructor(label: string) {
    let x = 0x811c9dc5
    for (const char of label) x = Math.imul(x ^ char.charCodeAt(0), 0x01000193)
    const mix = (): number => {
      x = (x + 0x9e3779b9) | 0
      let z = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      return z ^ (z >>> 16)
    }
    this.a = mix()
    this.b = mix()
    this.c = mix()
    for (let k = 0; k < 12; k++) this.u32()
  }

  u32(): number {
    const t = (this.a + this.b + this.d) | 0
    this.d = (this.d + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0
    return t >>> 0
  }

  float(): number {
    return this.u32() / 2 ** 32
  }
}

/** The streams of a session by this generator. */
export const sfc32 =
  (seed: number): Open =>
  (...names) =>
    new Sfc32(`mars_colony/${seed}/${names.join('/')}`)
