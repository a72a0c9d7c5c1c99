/** Property tests draw the same cases on every machine, unless a test names another seed. */
import fc from 'fast-check'

fc.configureGlobal({ seed: 1 })
