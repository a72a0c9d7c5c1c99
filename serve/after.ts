/** Goes on with a value that is there, or that will be: games of scripted players cost no promise. */
export function after<A, B>(value: A | Promise<A>, go: (value: A) => B | Promise<B>): B | Promise<B> {
  return value instanceof Promise ? value.then(go) : go(value)
}
