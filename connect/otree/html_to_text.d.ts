/** What is used of html-to-text, which brings no types. */
declare module 'html-to-text' {
  interface Builder {
    addInline(text: string): void
  }
  interface Options {
    readonly wordwrap: false
    readonly formatters?: Readonly<
      Record<string, (element: { readonly attribs: Readonly<Record<string, string>> }, walk: unknown, builder: Builder) => void>
    >
    readonly selectors: readonly {
      readonly selector: string
      readonly format?: string
      readonly options?: Readonly<Record<string, unknown>>
    }[]
  }
  export function compile(options: Options): (html: string) => string
}
