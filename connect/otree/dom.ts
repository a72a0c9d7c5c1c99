/** Reading HTML: elements, attributes, and a part of a page as plain text. Knows no server. */
import { compile } from 'html-to-text'
import { type DefaultTreeAdapterTypes, defaultTreeAdapter, html, serializeOuter } from 'parse5'

export type Element = DefaultTreeAdapterTypes.Element
export type Node = DefaultTreeAdapterTypes.Node
type Parent = DefaultTreeAdapterTypes.ParentNode

/** All elements under a node, in the order of the page. */
export function* elements(node: Node): Generator<Element> {
  for (const child of (node as Parent).childNodes ?? []) {
    if (!defaultTreeAdapter.isElementNode(child)) continue
    yield child
    yield* elements(child)
  }
}

export function find(node: Node, test: (element: Element) => boolean): Element | undefined {
  for (const element of elements(node)) if (test(element)) return element
  return undefined
}

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find(each => each.name === name)?.value
}

export function hasClass(element: Element, name: string): boolean {
  return (attribute(element, 'class') ?? '').split(/\s+/).includes(name)
}

/** Whether the page says itself that nobody sees it. */
export function isHidden(element: Element): boolean {
  const { tagName } = element
  return (
    ['script', 'style', 'template', 'noscript', 'head'].includes(tagName) ||
    attribute(element, 'hidden') !== undefined ||
    /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(attribute(element, 'style') ?? '')
  )
}

/** How an element is named in a message: `input#drawing[type=hidden][name=drawing]`. */
export function named(element: Element): string {
  const id = attribute(element, 'id')
  const shown = ['type', 'name', 'src', 'action'].flatMap(name => {
    const value = attribute(element, name)
    return value === undefined ? [] : [`[${name}=${value.slice(0, 64)}]`]
  })
  return `${element.tagName}${id === undefined ? '' : `#${id}`}${shown.join('')}`
}

/** What is written inside scripts, which parse5 keeps as text. */
export function source(element: Element): string {
  return element.childNodes.map(child => ('value' in child ? child.value : '')).join('')
}

const toText = compile({
  wordwrap: false,
  formatters: {
    alternative: ({ attribs }, _walk, builder) => {
      const { alt = '' } = attribs
      if (alt !== '') builder.addInline(`[image: ${alt}]`)
    },
    field: ({ attribs }, _walk, builder) => builder.addInline(`${attribs.text ?? ''} `),
  },
  selectors: [
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'img', format: 'alternative' },
    { selector: 'x-field', format: 'field' },
    { selector: 'table', format: 'dataTable', options: { uppercaseHeaderCells: false } },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map(selector => ({ selector, options: { uppercase: false } })),
  ],
})

/**
 * The text of an element as a reader sees it: tables as columns, images by their alternative text, nothing of scripts and styles.
 * `instead` may give a text for an element, which then stands in its place; an empty one leaves it out.
 */
export function textOf(element: Element, instead: (element: Element) => string | undefined = () => undefined): string {
  const seen = (node: Element): Element => {
    const copy = defaultTreeAdapter.createElement(node.tagName, html.NS.HTML, [...node.attrs])
    for (const child of node.childNodes) {
      if (!defaultTreeAdapter.isElementNode(child)) {
        if ('value' in child) defaultTreeAdapter.insertText(copy, child.value)
        continue
      }
      if (isHidden(child)) continue
      const text = instead(child)
      if (text === undefined) defaultTreeAdapter.appendChild(copy, seen(child))
      else if (text !== '')
        defaultTreeAdapter.appendChild(
          copy,
          defaultTreeAdapter.createElement('x-field', html.NS.HTML, [{ name: 'text', value: text }]),
        )
    }
    return copy
  }
  const lines = toText(serializeOuter(seen(element)))
    .split('\n')
    .map(line => line.trimEnd())
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
