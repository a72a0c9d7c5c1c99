/** Plain text as the commands print it: that of the library. */
export * from '../evals/text.ts'
