/** How far a run is, as it is told. The clock is handed in. */
import { expect, test } from 'vitest'
import { clock, Progress } from '../../rollouts/progress.ts'
import { Running } from '../../rollouts/running.ts'

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
  [31, '1/2 rollouts  1.0/s  0:01 left'],
  [22, '1/2  1.0/s  0:01 left'],
  [18, '1/2  0:01 left'],
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

/** Half of four rollouts of two players ended after ten seconds; a call of the third is answered. */
function running(players: readonly string[] = ['openai:m@http://127.0.0.1:1/v1']) {
  let now = 0
  const running = new Running(4, () => now)
  for (const [i, cost] of [0.1, 0.3, 0.05].entries()) {
    running.began(`k${i}`)
    running.called({ key: `k${i}`, prompt_tokens: 9_000, completion_tokens: 1_000, cost })
  }
  running.retried({ wait_ms: 100 })
  running.retried({ wait_ms: null })
  now = 10_000
  const of = (i: number) => ({ trader_0: players[i % players.length]! })
  const score = (reward: number) => ({ trader_0: { reward, payoff: null, reputation: null, survival: null, quality: null } })
  const counted = { calls: 7, input_tokens: 70, output_tokens: 7, cost: 0.1 }
  const figures = { start_time: 0, total: 1, steps: 3, truncated: false, stop: 'horizon', scores: score(0), ...counted }
  running.ended('k0', of(0), { ok: true, figures: { ...figures, scores: score(1) } })
  running.ended('k1', of(1), { ok: true, figures: { ...figures, scores: score(0.22) } })
  return { running, figures, later: (ms: number) => (now += ms) }
}

test('what was paid is what was heard of, and what it will come to is what ended rollouts cost', () => {
  const { running: run, figures, later } = running()
  const told = run.figures
  expect(told).toMatchObject({ done: 2, due: 4, failed: 0, calls: 3, retries: 1, input_tokens: 27_000, output_tokens: 3_000 })
  expect([told.cost, told.expected_cost].map(cost => cost?.toFixed(6))).toEqual(['0.450000', '0.800000'])
  expect([told.seconds, told.seconds_left, told.calls_per_s]).toEqual([10, 10, 0.3])
  expect(told.mean_reward).toEqual({ 'openai:m@http://127.0.0.1:1/v1': 0.61 })
  // One that was played elsewhere is heard of at its end alone; a price that nobody knows makes the sum unknown.
  run.ended('far', { trader_0: 'random' }, { ok: true, figures })
  expect(run.figures).toMatchObject({ done: 3, calls: 10, input_tokens: 27_070, output_tokens: 3_007 })
  expect(run.figures.cost).toBeCloseTo(0.55)
  run.called({ key: 'k2', prompt_tokens: 1, completion_tokens: 1, cost: null })
  expect(run.figures).toMatchObject({ cost: null, expected_cost: null })
  later(0)
  run.ended(
    'k2',
    { trader_0: 'random' },
    { ok: false, failure: { agent: 'trader_0', player: 'random', code: 'timeout', status: null, attempts: 1 } },
  )
  expect(run.figures).toMatchObject({ done: 4, failed: 1, seconds_left: 0, expected_cost: null })
})

test.each([
  [
    140,
    '[##########..........]  2/4 rollouts  12.0/min  0:10 left  reward 0.61  $0.45 of ~$0.80  18.0 calls/min  30k tokens  m 1/20',
  ],
  [80, '2/4  0:10 left  reward 0.61  $0.45 of ~$0.80  18.0 calls/min  30k tokens  m 1/20'],
  [40, '2/4  0:10 left  reward 0.61  30k tokens'],
])('on %i columns a run is told by time, reward, cost, calls and tokens', (width, line) => {
  let now = 0
  const { running: run } = running()
  const bar = new Progress({
    total: 4,
    write: () => {},
    terminal: true,
    columns: () => width,
    now: () => now,
    figures: () => run.figures,
    status: () => 'm 1/20',
  })
  now = 10_000
  bar.set(1)
  bar.tick()
  expect(bar.line(width)).toBe(line)
  bar.end()
})

test('several players have a mean each', () => {
  const { running: run } = running(['bot:honest', 'random'])
  const bar = new Progress({ total: 4, write: () => {}, terminal: false, columns: () => 80, figures: () => run.figures })
  expect(bar.line(Number.POSITIVE_INFINITY)).toContain('  reward bot:honest 1.00, random 0.22  ')
  bar.end()
})
