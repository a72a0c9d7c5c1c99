/**
 * The distributions behind the intervals and tests of this package: Student's t and the beta. The packages that offer them are
 * either two hundred small ones or accurate to eight digits only; these lines agree with SciPy to eleven
 * (`test/evals/distributions.test.ts`).
 */

/** P(|T| ≥ |t|) for Student's t with `df` > 0 degrees of freedom: the p-value of a two-sided test. */
export function tTwoSided(t: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`tTwoSided: expected df > 0, got ${df}`)
  const square = t * t
  if (square === 0) return 1
  return incompleteBeta(df / (df + square), square / (df + square), df / 2, 0.5)
}

/** The value that Student's t with `df` > 0 degrees of freedom stays below with probability p in (0, 1). */
export function tQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`tQuantile: expected p in (0, 1), got ${p}`)
  if (p === 0.5) return 0
  const tail = 2 * Math.min(p, 1 - p)
  let high = 1
  while (tTwoSided(high, df) > tail) high *= 2
  const size = bisect(0, high, t => tTwoSided(t, df) <= tail)
  return p < 0.5 ? -size : size
}

/** The value that a beta variable with a, b > 0 stays below with probability p in (0, 1). */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`betaQuantile: expected p in (0, 1), got ${p}`)
  if (!(a > 0 && b > 0)) throw new RangeError(`betaQuantile: expected a, b > 0, got ${a}, ${b}`)
  return bisect(0, 1, x => incompleteBeta(x, 1 - x, a, b) >= p)
}

/** Where a condition that is false at `low` and true at `high` turns, to the last bit: quantiles are wanted once a table. */
function bisect(low: number, high: number, reached: (at: number) => boolean): number {
  for (let middle = (low + high) / 2; low < middle && middle < high; middle = (low + high) / 2) {
    if (reached(middle)) high = middle
    else low = middle
  }
  return high
}

/**
 * The regularised incomplete beta function I_x(a, b), given x and y = 1 − x (both, because either may be tiny). Continued fraction
 * of NIST DLMF 8.17.22 by Lentz's method, on the side where it converges fast.
 */
function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x === 0 || y === 0) return Number(y === 0)
  const front = Math.exp(a * Math.log(x) + b * Math.log(y) - logBeta(a, b))
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(y, b, a)) / b
}

/** 1/(1 + d₁/(1 + d₂/(1 + …))) of DLMF 8.17.22 and 8.17.23. */
function fraction(x: number, a: number, b: number): number {
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / (1 + even * d)
    c = 1 + even / c
    value *= d * c
    const odd = -((a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + odd * d)
    c = 1 + odd / c
    const change = d * c
    value *= change
    if (Math.abs(change - 1) < 1e-15) break
  }
  return value
}

/** From here on Stirling's series is exact to the last digits. */
const STIRLING = 16

/** ln B(a, b): Stirling's series of NIST DLMF 5.11.1, after the recurrence of B has brought both to where it is exact. */
function logBeta(a: number, b: number): number {
  if (a < b) return logBeta(b, a)
  if (b < STIRLING) return logBeta(a, b + 1) + Math.log1p(a / b)
  const sum = a + b
  // a ln a − (a + b) ln(a + b), without the digits that large logarithms would take from each other.
  const powers = b * Math.log(b / sum) - (a - 0.5) * Math.log1p(b / a)
  return powers + 0.5 * Math.log((2 * Math.PI) / b) + remainder(a) + remainder(b) - remainder(sum)
}

/** What Stirling's formula lacks of ln Γ(z). */
function remainder(z: number): number {
  return 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7) + 1 / (1188 * z ** 9)
}
