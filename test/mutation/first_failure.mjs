// Property tests end at the first case that fails: a mutant is noticed, and nobody asks for its smallest case.
import fc from 'fast-check'

fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true })
