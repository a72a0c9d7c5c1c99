/** The land from above, drawn as SVG: each place by its shape. Knows places; knows no economy. */
import { flat, ringOf } from './stage.js'

const SVG = 'http://www.w3.org/2000/svg'

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) {
    // A presentation attribute knows no variables.
    if (key === 'fill' || key === 'stroke') element.style.setProperty(key, value)
    else element.setAttribute(key, String(value))
  }
  return element
}

/** Paths trodden between the places, stones, then the places. */
export function drawLand(svg, places, size) {
  const ring = ringOf(size)
  svg.setAttribute('viewBox', `0 0 ${size.width} ${size.height}`)
  const parts = [...stones(size)]
  const hub = { x: 0.5, y: 0.5 }
  for (const place of places) {
    const [a, b] = [flat(hub.x, hub.y, size), flat(place.x, place.y, size)]
    parts.push(
      shape('path', {
        d: `M${a.x} ${a.y}Q${a.x} ${(a.y + b.y) / 2} ${b.x} ${b.y}`,
        fill: 'none',
        stroke: 'color-mix(in srgb, var(--edge) 45%, transparent)',
        'stroke-width': 7,
        'stroke-linecap': 'round',
        'stroke-dasharray': '1 13',
      }),
    )
  }
  for (const place of places) {
    const { x, y } = flat(place.x, place.y, size)
    const ground = { fill: 'color-mix(in srgb, var(--edge) 22%, transparent)', stroke: 'none' }
    parts.push(shape('ellipse', { cx: x, cy: y, rx: ring + 24, ry: 0.8 * ring + 22, ...ground }))
    parts.push(...SHAPES[place.shape](x, y, ring * 0.62, place))
  }
  svg.replaceChildren(...parts)
}

const built = { fill: 'var(--made)', stroke: 'var(--edge)', 'stroke-width': 2 }
const line = { fill: 'none', stroke: 'var(--edge)', 'stroke-width': 1.5 }

const SHAPES = {
  dome: (x, y, r) => [
    shape('path', { d: `M${x - r} ${y + r * 0.5}A${r} ${r * 1.05} 0 0 1 ${x + r} ${y + r * 0.5}Z`, ...built }),
    shape('path', { d: `M${x - r * 0.5} ${y + r * 0.5}A${r * 0.5} ${r} 0 0 1 ${x + r * 0.5} ${y + r * 0.5}`, ...line }),
    shape('path', { d: `M${x} ${y - r * 0.55}V${y + r * 0.5}M${x - r * 0.88} ${y}H${x + r * 0.88}`, ...line }),
  ],
  hall: (x, y, r) => [
    shape('rect', { x: x - r, y: y - r * 0.35, width: 2 * r, height: r * 0.9, rx: 3, ...built }),
    shape('path', {
      d: `M${x - r} ${y - r * 0.35}l${r / 2} ${-r * 0.4}v${r * 0.4}l${r / 2} ${-r * 0.4}v${r * 0.4}l${r / 2} ${-r * 0.4}v${r * 0.4}l${r / 2} ${-r * 0.4}v${r * 0.4}`,
      ...built,
    }),
    shape('rect', { x: x - r * 0.18, y: y + r * 0.1, width: r * 0.36, height: r * 0.45, ...line }),
  ],
  site: (x, y, r, { done = 0 }) => {
    const [left, bottom, width, height] = [x - r * 0.8, y + r * 0.6, r * 1.6, r * 1.3]
    const frame = [0, 1 / 3, 2 / 3, 1].map(share => `M${left + share * width} ${bottom}v${-height}`)
    const floors = [0, 1 / 3, 2 / 3, 1].map(share => `M${left} ${bottom - share * height}h${width}`)
    return [
      shape('rect', {
        x: left,
        y: bottom - height * done,
        width,
        height: height * done,
        fill: done >= 1 ? 'var(--made)' : 'color-mix(in srgb, var(--made) 75%, var(--edge))',
        stroke: 'none',
      }),
      shape('path', { d: [...frame, ...floors].join(''), ...line }),
      ...(done >= 1
        ? [
            shape('path', {
              d: `M${left - 4} ${bottom - height}l${width / 2 + 4} ${-r * 0.4}l${width / 2 + 4} ${r * 0.4}Z`,
              ...built,
            }),
          ]
        : []),
    ]
  },
  field: (x, y, r) =>
    [-2, -1, 0, 1, 2].map(row =>
      shape('rect', {
        x: x - r,
        y: y + row * r * 0.24 - 3,
        width: 2 * r,
        height: r * 0.13,
        rx: 2,
        fill: 'var(--green)',
        stroke: 'none',
      }),
    ),
  open: (x, y, r) => [
    shape('ellipse', { cx: x, cy: y, rx: r * 0.9, ry: r * 0.5, ...line, 'stroke-dasharray': '4 5' }),
    shape('ellipse', { cx: x + r * 0.15, cy: y + r * 0.05, rx: r * 0.3, ry: r * 0.16, ...line }),
  ],
}

/** Stones and small craters, always the same ones. */
function stones({ width, height }) {
  return Array.from({ length: 36 }, (_, n) => {
    const [x, y] = [((n * 0.618034) % 1) * width, ((n * 0.754878 + 0.1) % 1) * height]
    const r = 2 + ((n * 7) % 5)
    return shape('ellipse', {
      cx: x,
      cy: y,
      rx: r * 1.6,
      ry: r,
      fill: 'color-mix(in srgb, var(--edge) 30%, transparent)',
      stroke: 'none',
    })
  })
}
