/**
 * Student's t distribution: all that the intervals and tests of this package need. The packages that offer it are either two
 * hundred small ones or accurate to eight digits only; these forty lines agree with SciPy to eleven (`test/evals/distributions.test.ts`).
 */

/** P(|T| ≥ |t|) for Student's t with `df` > 0 degrees of freedom: the p-value of a two-sided test. */
export function tTwoSided(t: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`tTwoSided: expected df > 0, got ${df}`)
  const square = t * t
  if (square === 0) return 1
  return incompleteBeta(df / (df + square), square / (df + square), df / 2)
}

/** The value that Student's t with `df` > 0 degrees of freedom stays below with probability p in (0, 1). */
export function tQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`tQuantile: expected p in (0, 1), got ${p}`)
  if (p === 0.5) return 0
  const tail = 2 * Math.min(p, 1 - p)
  let high = 1
  while (tTwoSided(high, df) > tail) high *= 2
  let low = 0
  // Bisection to the last bit: the function is monotone, and a quantile is wanted once a table, not once a row.
  for (let middle = high / 2; low < middle && middle < high; middle = (low + high) / 2) {
    if (tTwoSided(middle, df) > tail) low = middle
    else high = middle
  }
  return p < 0.5 ? -high : high
}

/**
 * The regularised incomplete beta function I_x(a, ½), given x and y = 1 − x (both, because either may be tiny). Continued
 * fraction of NIST DLMF 8.17.22 by Lentz's method, on the side where it converges fast.
 */
function incompleteBeta(x: number, y: number, a: number): number {
  const front = (Math.sqrt(y) * x ** a * gammaRatio(a)) / Math.sqrt(Math.PI)
  return x < (a + 1) / (a + 2.5) ? (front * fraction(x, a, 0.5)) / a : 1 - (front * fraction(y, 0.5, a)) / 0.5
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

/** Γ(a + ½) / Γ(a): the asymptotic series of NIST DLMF 5.11.13, brought down from a ≥ 40 by Γ's recurrence. */
function gammaRatio(a: number): number {
  if (a < 40) return (gammaRatio(a + 1) * a) / (a + 0.5)
  const u = 1 / a
  return Math.sqrt(a) * (1 - u / 8 + u ** 2 / 128 + (5 * u ** 3) / 1024 - (21 * u ** 4) / 32768 - (399 * u ** 5) / 262144)
}
