/**
 * The copies of this package that a process has loaded. Each has its own registries and classes, so what one registers the
 * other does not find; whoever loads foreign modules asks here whether they brought another copy.
 */

const KEY = Symbol.for('agoragym.copies')
const shared = globalThis as { [KEY]?: Set<string> }
shared[KEY] ??= new Set()
const copies = shared[KEY]

/** Where this copy lies, as a URL: a folder, or the file that it was bundled into. */
export const thisCopy = import.meta.url.replace(/envs\/core\/copies\.[jt]s$/, '')
copies.add(thisCopy)

/** Where the other copies lie; empty where there is none. */
export function otherCopies(): string[] {
  return [...copies].filter(copy => copy !== thisCopy)
}
