/** `user:password` as a URL holds it and as an Authorization header writes it. Knows text; keeps no secret. */

/** What a part of a URL stands for; itself where it was not percent-encoded. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The `user:password` of a URL, a secret; null where it has neither. */
export function credentialsOf({ username, password }: URL): string | null {
  return username === '' && password === '' ? null : `${decoded(username)}:${decoded(password)}`
}

/** Credentials as an Authorization header writes them, behind `Basic `. */
export function basic(credentials: string): string {
  return Buffer.from(credentials).toString('base64')
}
