/** The colours that pictures are drawn in. Knows tones; knows no shape. */
import type { Tone } from '../economies/picture.ts'

export type Theme = 'light' | 'dark'

export interface Colours extends Readonly<Record<Tone, string>> {
  readonly ground: string
  readonly panel: string
  readonly ink: string
  readonly faint: string
  readonly rule: string
  /** Text upon a filled shape. */
  readonly over: string
  /** Series of a line chart, told apart by people who do not tell red from green. */
  readonly series: readonly string[]
}

/** Every ink has a contrast of at least 4.5 with the panel (WCAG 2.2, 1.4.3), every mark one of 3 (1.4.11); the tests compute both. */
export const THEMES: Readonly<Record<Theme, Colours>> = {
  light: {
    ground: '#f4f5f7',
    panel: '#ffffff',
    ink: '#1c2430',
    faint: '#566070',
    rule: '#d9dde3',
    over: '#ffffff',
    plain: '#5f6f85',
    accent: '#1f5fae',
    good: '#0f7553',
    bad: '#b3362b',
    quiet: '#7f8997',
    series: ['#1f5fae', '#b5540f', '#0f7553', '#8446a0', '#7b6400', '#00758a', '#a3355f', '#5f6f85'],
  },
  dark: {
    ground: '#12161c',
    panel: '#1b212a',
    ink: '#e8ecf2',
    faint: '#a6b0be',
    rule: '#37404d',
    over: '#10141a',
    plain: '#93a3ba',
    accent: '#74aef2',
    good: '#52c399',
    bad: '#f08b80',
    quiet: '#8792a1',
    series: ['#74aef2', '#eda262', '#52c399', '#c698e0', '#d0b64a', '#55c2d6', '#ee8fb4', '#93a3ba'],
  },
}
