/** The page's data: packed in the page itself, or with the server that sent it. Knows how to get at it, not what it means. */

/** Whether a server sent the page and has the data; a report holds its own. */
export const served = document.documentElement.dataset.source === 'server'

const unpacked = new Map()

/** The data of that name. */
export function unpack(name) {
  let promise = unpacked.get(name)
  if (promise === undefined) {
    promise = served ? asked(`data/${name}`) : inflate(document.getElementById(`data-${name}`).textContent)
    unpacked.set(name, promise)
  }
  return promise
}

/** Asks the server again from now on: something has changed there. */
export function forget() {
  unpacked.clear()
}

/** What the server answers; throws with its words where it cannot. */
async function asked(path) {
  const response = await fetch(path)
  if (!response.ok) throw new Error((await response.text()).slice(0, 500))
  return response.json()
}

const query = fields => new URLSearchParams(fields).toString()

async function inflate(base64) {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return JSON.parse(await new Response(stream).text())
}

/** Columns as rows; metrics are named `metrics.x`. */
export function rowsOf(columns) {
  const names = Object.keys(columns)
  return columns.key.map((_, at) => {
    const row = { at }
    for (const name of names) row[name] = columns[name][at]
    return row
  })
}

/** A metric of every row, in their order; nulls where a row has none. */
export async function metricOf(rows, columns, name) {
  const own = columns[name] ?? columns[`metrics.${name}`]
  if (own !== undefined || !served) return own ?? rows.map(() => null)
  return unpack(`metric?${query({ name })}`)
}

/** Messages and standings of a seat of a row's rollout, by default the row's own; undefined where the report does not hold them. */
export async function transcriptOf(row, index, seat = row.seat) {
  if (served) return row.error ? undefined : asked(`transcript?${query({ run: row.run, key: row.key, seat })}`)
  const place = index.find(([key, own]) => key === row.key && own === seat)
  return place === undefined ? undefined : (await unpack(`chunk-${place[2]}`))[place[3]]
}

/** Where the picture of a row's rollout after so many steps is; `kind` is svg or txt. */
export function pictureAt(row, step, theme, kind = 'svg') {
  return `picture.${kind}?${query({ run: row.run, key: row.key, step, theme })}`
}
