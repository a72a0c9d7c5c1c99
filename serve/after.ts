/** Values that are there or will be: games of scripted players cost no promise. */

export type Later<T> = T | Promise<T>

/** Goes on with a value once it is there: at once where it is. */
export function after<A, B>(value: Later<A>, go: (value: A) => Later<B>): Later<B> {
  return value instanceof Promise ? value.then(go) : go(value)
}
