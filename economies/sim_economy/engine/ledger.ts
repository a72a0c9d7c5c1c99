/**
 * The SQLite file of a sim-engine: every block and every finalised transaction, one row each. Knows rows, not rules.
 */
import Database from 'libsql'

export interface BlockRow {
  readonly turn: number
  /** Which part of its weight won the winner the block. */
  readonly validator_type: string
  readonly [field: string]: unknown
}

export interface TransactionRow {
  readonly turn: number
  readonly tx_type: 'transfer' | 'stake' | 'unstake' | 'burn'
  readonly [field: string]: unknown
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS blocks (turn INTEGER PRIMARY KEY, data TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS transactions (id INTEGER PRIMARY KEY, turn INTEGER NOT NULL, data TEXT NOT NULL);
`

/** Milliseconds that a turn waits for a reader of the file to let go. */
const BUSY = 2000

export class Ledger {
  readonly #db: Database.Database
  readonly #record: (block: BlockRow | null, transactions: readonly TransactionRow[]) => void
  readonly #clear: () => void

  /** Opens the file, made where it does not exist. Throws where it cannot be opened or is no ledger. */
  constructor(path: string) {
    const db = new Database(path)
    this.#db = db
    // The journal is rolled back into the one file at every commit, so a copy of it is whole at any time.
    db.pragma('journal_mode = DELETE')
    db.pragma('synchronous = FULL')
    db.pragma(`busy_timeout = ${BUSY}`)
    db.exec(SCHEMA)
    const addBlock = db.prepare('INSERT INTO blocks (turn, data) VALUES (?, ?)')
    const addTransaction = db.prepare('INSERT INTO transactions (turn, data) VALUES (?, ?)')
    this.#record = db.transaction((block: BlockRow | null, transactions: readonly TransactionRow[]) => {
      if (block !== null) addBlock.run(block.turn, JSON.stringify(block))
      for (const transaction of transactions) addTransaction.run(transaction.turn, JSON.stringify(transaction))
    })
    this.#clear = db.transaction(() => {
      db.exec('DELETE FROM blocks; DELETE FROM transactions')
    })
  }

  /** Writes what a turn finalised, in one transaction; on disk when it returns. */
  record(block: BlockRow | null, transactions: readonly TransactionRow[]): void {
    this.#record(block, transactions)
  }

  /** Removes every row: a world starts anew. */
  clear(): void {
    this.#clear()
  }

  close(): void {
    this.#db.close()
  }
}
