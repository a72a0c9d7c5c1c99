/** What a server counts of itself, and how Prometheus reads it (text format 0.0.4). Knows names and numbers only. */

/** One figure: by the values of its labels, or a single one. */
export interface Figure {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  /** The label that tells its values apart. */
  readonly label?: string
  readonly values: () => ReadonlyMap<string, number> | number
}

/** A count by label, from 0. */
export class Counter {
  readonly values = new Map<string, number>()

  add(label: string, count = 1): void {
    this.values.set(label, (this.values.get(label) ?? 0) + count)
  }
}

/** The figures as Prometheus reads them. Labels are names of our own, which need no escape. */
export function prometheusText(figures: readonly Figure[]): string {
  return figures
    .map(({ name, type, help, label, values }) => {
      const given = values()
      const rows =
        typeof given === 'number'
          ? [`${name} ${given}`]
          : [...given].map(([value, count]) => `${name}{${label}="${value}"} ${count}`)
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...rows, ''].join('\n')
    })
    .join('')
}
