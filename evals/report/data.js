/** The report's data, unpacked from the page when it is asked for. Knows how data lies in the page, not what it means. */

const unpacked = new Map()

/** The data of that name. */
export function unpack(name) {
  let promise = unpacked.get(name)
  if (promise === undefined) {
    promise = inflate(document.getElementById(`data-${name}`).textContent)
    unpacked.set(name, promise)
  }
  return promise
}

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
  return columns.key.map((_, i) => Object.fromEntries(names.map(name => [name, columns[name][i]])))
}

/** Messages and standings of a row; undefined where the report does not hold them. */
export async function transcriptOf(row, index) {
  const place = index.find(([key, seat]) => key === row.key && seat === row.seat)
  return place === undefined ? undefined : (await unpack(`chunk-${place[2]}`))[place[3]]
}
