/**
 * What a resident is made of: how likely it does what. The published posts describe the three characters in words; the
 * probabilities are reconstructed. Knows neither who the residents are nor how a move is carried out.
 */
import type { Random } from '../../core/random.ts'
import type { AgentId } from '../../core/tool.ts'
import type { Agent, Proposal, State, Task } from '../state.ts'

/** What a resident decides on: the state before any resident of this step has moved, and its own randomness of the step. */
export interface View {
  readonly state: State
  readonly self: Agent
  readonly random: Random
}

export type Move =
  | { readonly kind: 'accept' | 'reject'; readonly proposal: number }
  | { readonly kind: 'submit'; readonly p: number; readonly exploit: boolean }
  /** Answers to a problem, of which so many are right and so many vouched for. */
  | { readonly kind: 'answer'; readonly right: number; readonly vouched: number; readonly exploit: boolean }
  | { readonly kind: 'repay'; readonly loan: number }
  | { readonly kind: 'claim'; readonly task: number }
  | { readonly kind: 'vote'; readonly post: number; readonly direction: 'up' | 'down' }
  | { readonly kind: 'post'; readonly text: string }
  | {
      readonly kind: 'propose'
      readonly to: AgentId
      readonly transfer: number
      readonly text: string
      readonly exploit: boolean
    }

export interface Character {
  /** The probability of accepting a proposal; it is rejected otherwise. */
  accepts(view: View, proposal: Proposal): number
  /** What it does before anything but answering, if it wants to. */
  exploit?(view: View): Move | undefined
  /** p of the work it hands in; null where it does nothing in this step. */
  work(random: Random): number | null
  /** The open task it claims, if any; `open` is not empty. */
  claims(view: View, open: readonly Task[]): Task | undefined
  /** Probabilities of voting up a fresh post, and of a post or a proposal where nothing else was to be done. */
  readonly votes: number
  readonly posts: number
  readonly proposes: number
  /** The transfer of a proposal is uniform between these, with one decimal. */
  readonly transfers: readonly [low: number, high: number]
  /** What it says; the words carry no meaning for the rules. */
  readonly words: { readonly posts: readonly string[]; readonly offers: readonly string[] }
}
