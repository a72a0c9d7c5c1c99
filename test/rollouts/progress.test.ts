/** How far a run is, as it is told. The clock is handed in. */
import { expect, test } from 'vitest'
import { clock, Progress } from '../../rollouts/progress.ts'

function progress(terminal: boolean, columns = 80, total = 400) {
  let now = 0
  const written: string[] = []
  const bar = new Progress({ total, write: text => written.push(text), terminal, columns: () => columns, now: () => now })
  return {
    bar,
    written,
    play(count: number, seconds: number, ok = true) {
      for (let i = 0; i < count; i++) {
        now += (seconds * 1000) / count
        bar.tick(ok)
      }
    },
  }
}

test('a terminal has a bar with rate and time left', () => {
  const { bar, play } = progress(true)
  play(98, 9.8)
  play(2, 0.2, false)
  expect(bar.line(79)).toBe('[#####...............]  100/400 rollouts  2 failed  10/s  0:30 left')
})

test.each([79, 60, 45, 30, 20, 10, 5, 1])('on %i columns the line fits', width => {
  const { bar, play } = progress(true, width)
  play(100, 10, false)
  expect(bar.line(width).length).toBeLessThanOrEqual(width)
  expect('100/400'.startsWith(bar.line(width).slice(0, 3)) || bar.line(width).includes('100/400')).toBe(true)
})

test.each([80, 36, 12])(
  'on %i columns the line is rewritten in place, at most ten times a second, and removed at the end',
  columns => {
    const { bar, written, play } = progress(true, columns)
    play(100, 1)
    expect(written.length).toBeLessThanOrEqual(10)
    expect(written.every(text => text.startsWith('\r') && !text.includes('\n'))).toBe(true)
    // A terminal that wraps at its last column must not be made to.
    expect(Math.max(...written.map(text => text.length - 1))).toBeLessThan(columns)
    bar.end()
    expect(written.at(-1)).toMatch(/^\r +\r$/)
  },
)

test('the last column stays free, where many terminals would wrap', () => {
  const whole = '[#####...............]  100/400 rollouts  10/s  0:30 left'
  for (const columns of [whole.length + 1, whole.length]) {
    const { written, play } = progress(true, columns)
    play(100, 10)
    expect(written.at(-1)!.slice(1).trimEnd() === whole).toBe(columns > whole.length)
  }
})

test.each([
  [120, '[##########..........]  1/2 rollouts  1.0/s  0:01 left  m 16/20 (+44) 429×7 · 25 retries, last 429 rate_limited'],
  [70, '1/2  0:01 left  m 16/20 (+44) 429×7 · 25 retries, last 429 rate_limit…'],
  [40, '1/2  0:01 left  m 16/20 (+44) 429×7 · 2…'],
  [32, '1/2  0:01 left  m 16/20 (+44) 4…'],
  [31, '1/2  0:01 left'],
])('on %i columns as much as fits is told of the models', (width, line) => {
  let now = 0
  const status = () => 'm 16/20 (+44) 429×7 · 25 retries, last 429 rate_limited'
  const bar = new Progress({ total: 2, write: () => {}, terminal: true, columns: () => width, now: () => now, status })
  now = 1000
  bar.tick()
  expect(bar.line(width)).toBe(line)
  bar.end()
})

test('elsewhere there is a plain line every five seconds and one at the end', () => {
  const { bar, written, play } = progress(false)
  play(399, 12)
  expect(written).toHaveLength(2)
  play(1, 0)
  bar.end()
  expect(written.at(-1)).toBe('400/400 rollouts  33/s  in 0:12\n')
})

test('a last line that was written already is not written again', () => {
  const { bar, written, play } = progress(false, 80, 1)
  play(1, 6)
  bar.end()
  expect(written).toHaveLength(1)
})

test('nothing to do is not told', () => {
  const { bar, written } = progress(false, 80, 0)
  bar.end()
  expect(written).toEqual([])
})

test('times read like a clock', () => {
  expect([0, 7.4, 59.6, 750, 11100].map(clock)).toEqual(['0:00', '0:07', '1:00', '12:30', '3:05:00'])
})
