/** The original engine's protocol over real sockets and a real SQLite file, driven from outside. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import Database from 'libsql'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type SimEngine, startSimEngine } from '../../../../economies/sim_economy/engine/server.ts'
import { playRun, runRow } from '../../../../economies/sim_economy/paper_runs.ts'
import { driveRun, type Json, ledgerRows, request } from './paper_client.ts'

const folder = mkdtempSync(join(tmpdir(), 'sim-engine-'))
afterAll(() => rmSync(folder, { recursive: true }))

let engine: SimEngine
let dbPath: string
let files = 0
beforeEach(async () => {
  dbPath = join(folder, `${files++}.sqlite`)
  engine = await startSimEngine({ port: 0, dbPath })
})
afterEach(() => engine.close())

const get = (path: string) => request(engine.url, path)
const post = (path: string, body: unknown) => request(engine.url, path, body)
const init = (config: Json = {}, agent_ids: unknown = ['ann', 'bob', 'cy']) => post('/init', { config, agent_ids })
const turn = (...inputs: unknown[]) => post('/turn', { inputs })
const agents = async () => (await get('/state')).body.agents as Json[]

describe('the study’s client', () => {
  test.each([1, 6, 22])('run %d gives the figures of the study', async run => {
    const ours: Record<string, number> = runRow(run, playRun(run))
    const driven = await driveRun(engine.url, dbPath, run)
    expect(driven).toEqual(Object.fromEntries(Object.keys(driven).map(column => [column, ours[column]])))
    expect(Object.keys(driven).length).toBeGreaterThan(25)
  })
})

describe('requests and answers', () => {
  test('GET /config answers before there is a world; state and turn do not', async () => {
    expect(await get('/config')).toMatchObject({ status: 200, body: { num_agents: 8, block_threshold: 20, study_cost: 50 } })
    expect((await get('/state')).status).toBe(409)
    expect((await turn()).status).toBe(409)
    await init({ signing_bonus: 7 })
    expect(await get('/config')).toMatchObject({ status: 200, body: { num_agents: 3, signing_bonus: 7 } })
  })

  test('the state lists the agents in their order, with what they own', async () => {
    await init()
    const { body } = await get('/state')
    expect(body).toMatchObject({ turn: 0, token_supply: 3000 })
    expect((body.agents as Json[]).map(({ agent_id, balance, staked }) => [agent_id, balance, staked])).toEqual([
      ['ann', 1000, 0],
      ['bob', 1000, 0],
      ['cy', 1000, 0],
    ])
  })

  test('a turn bills, carries out, rejects with a code and a message, and says so', async () => {
    await init()
    const { status, body } = await turn(
      {
        agent_id: 'ann',
        thinking: 'hm',
        action: { action: 'stake', amount: 80 },
        speech: null,
        thinking_units: 200,
        output_units: 150,
      },
      { agent_id: 'cy', thinking: '', action: { action: 'unstake' }, speech: 'hi', thinking_units: 0, output_units: 110 },
    )
    expect([status, body.ok]).toEqual([200, true])
    expect(body.data).toMatchObject({
      turn: 1,
      inference_fees_collected: 80,
      block_winner: null,
      contracts_settled: [],
      contracts_defaulted: [],
    })
    const [rejected] = (body.data as { rejected: Json[] }).rejected
    expect(rejected).toMatchObject({ agent_id: 'cy', action: 'unstake', code: 'bad_arguments' })
    expect(rejected!.message).toContain('amount')
    expect((await agents()).map(({ balance, staked }) => [balance, staked])).toEqual([
      [850, 80],
      [1000, 0],
      [990, 0],
    ])
    expect((await get('/state')).body.turn).toBe(1)
  })

  test('a null in an action counts as absent', async () => {
    await init()
    const { body } = await turn(
      { agent_id: 'ann', action: { action: 'mine', amount: null, to: null } },
      { agent_id: 'bob', action: { action: 'mine', amount: 0 } },
    )
    expect((body.data as { rejected: Json[] }).rejected.map(({ agent_id }) => agent_id)).toEqual(['bob'])
  })

  test('who is missing mines and thinks nothing; one input an agent', async () => {
    await init({ block_threshold: 30 })
    const { body } = await turn()
    expect(['ann', 'bob', 'cy']).toContain((body.data as Json).block_winner)
    expect((await agents()).map(({ balance }) => balance)).toEqual([1000, 1000, 1000])
    const twice = { agent_id: 'ann', action: { action: 'mine' } }
    expect(await turn(twice, twice)).toMatchObject({ status: 400, body: { field: 'inputs.1.agent_id' } })
    expect((await get('/state')).body.turn).toBe(1)
  })

  test('options of ours work over the protocol: who is told what of a contract, and what it created', async () => {
    await init({ contract_value: 500, delivery_effort: 200, disguise_rate: 1, attestation_fee: 20, audit: null })
    const act = (agent_id: string, action: string, args: object) => turn({ agent_id, action: { action, ...args } })
    const offer = { counterparty: 'bob', arbitrator: 'cy', payment: 300, deposit: 100, deliverable: 'x', due_turns: 2 }
    await act('ann', 'propose_contract', offer)
    expect((await agents()).map(({ effort }) => effort)).toEqual([200, 200, 200])
    await act('bob', 'accept_contract', { contract_id: 'contract_0' })
    expect((await agents()).map(({ efforts }) => efforts)).toEqual([{}, { contract_0: 200 }, {}])
    await act('bob', 'deliver_contract', { contract_id: 'contract_0', content: 'nothing' })
    expect((await get('/state')).body.contracts).toMatchObject([{ content: 'x', status: 'delivered' }])
    await act('cy', 'attest_contract', { contract_id: 'contract_0', fulfilled: true })
    const after = await agents()
    expect(after.map(({ balance }) => balance)).toEqual([700, 1300, 1020])
    expect(after.map(({ concluded }) => (concluded as Json[])[0])).toMatchObject([
      { contract_id: 'contract_0', counterparty: 'bob', outcome: 'settled', value: 0 },
      { value: null },
      { value: null },
    ])
  })

  test('a contract in default is reported in the answer to its turn, and no other', async () => {
    await init()
    const act = async (agent_id: string, action: string, args: object) => {
      const { data } = (await turn({ agent_id, action: { action, ...args } })).body as { data: Record<string, Json[]> }
      return [data.contracts_settled, data.contracts_defaulted]
    }
    const offer = { counterparty: 'bob', arbitrator: 'cy', payment: 30, deposit: 10, deliverable: 'x', due_turns: 1 }
    const parties = { proposer: 'ann', counterparty: 'bob', arbitrator: 'cy' }
    expect(await act('ann', 'propose_contract', offer)).toEqual([[], []])
    expect(await act('bob', 'accept_contract', { contract_id: 'contract_0' })).toEqual([[], []])
    expect(await act('bob', 'mine', {})).toEqual([[], [{ contract_id: 'contract_0', ...parties }]])
    expect(await act('ann', 'propose_contract', offer)).toEqual([[], []])
    await act('bob', 'accept_contract', { contract_id: 'contract_1' })
    await act('bob', 'deliver_contract', { contract_id: 'contract_1', content: 'x' })
    expect(await act('cy', 'attest_contract', { contract_id: 'contract_1', fulfilled: true })).toEqual([
      [{ contract_id: 'contract_1', ...parties }],
      [],
    ])
  })

  test('without them the state says nothing of efforts', async () => {
    await init()
    expect(Object.keys((await agents())[0]!)).not.toContain('effort')
  })

  test('there is no horizon', async () => {
    await init({ horizon_turns: 1 })
    for (let t = 1; t <= 3; t++) expect(await turn()).toMatchObject({ status: 200, body: { data: { turn: t } } })
  })

  test('names are the client’s own, also where they look like the engine’s', async () => {
    await init({}, ['agent_1', 'agent_0', 'x'])
    const { body } = await turn(
      { agent_id: 'agent_1', action: { action: 'transfer', to: 'agent_0', amount: 30, fee: 0 } },
      { agent_id: 'x', action: { action: 'transfer', to: 'agent_2', amount: 1, fee: 0 } },
    )
    expect((await agents()).map(({ agent_id, balance }) => [agent_id, balance])).toEqual([
      ['agent_1', 970],
      ['agent_0', 1030],
      ['x', 1000],
    ])
    expect((body.data as { rejected: Json[] }).rejected).toMatchObject([{ agent_id: 'x', code: 'unknown_agent' }])
    expect(ledgerRows(dbPath, 'transactions')[0]!.data).toMatchObject({ agent_id: 'agent_1', to: 'agent_0' })
  })

  test('a contract from offer to settlement, and a core sold, over the wire', async () => {
    await init({ core_auction: true })
    const act = (agent_id: string, action: Json) => turn({ agent_id, action })
    await act('bob', { action: 'bid_core', core_id: 'core_2', amount: 100 })
    expect((await get('/state')).body.cores).toMatchObject([
      { owner: null },
      { owner: null },
      { core_id: 'core_2', owner: 'bob' },
      { owner: null },
    ])
    const terms = { counterparty: 'bob', arbitrator: 'cy', payment: 40, deposit: 20, deliverable: 'a report', due_turns: 2 }
    await act('ann', { action: 'propose_contract', ...terms })
    expect((await get('/state')).body.contracts).toMatchObject([
      { contract_id: 'contract_0', proposer: 'ann', arbitrator: 'cy', status: 'proposed' },
    ])
    await act('bob', { action: 'accept_contract', contract_id: 'contract_0' })
    await act('bob', { action: 'deliver_contract', contract_id: 'contract_0', content: 'a report' })
    const { body } = await act('cy', { action: 'attest_contract', contract_id: 'contract_0', fulfilled: true })
    expect((body.data as Json).contracts_settled).toEqual([
      { contract_id: 'contract_0', proposer: 'ann', counterparty: 'bob', arbitrator: 'cy' },
    ])
    expect((await agents()).map(({ balance }) => balance)).toEqual([960, 940, 1000])
  })

  test('a second init starts anew, in the file too', async () => {
    await init({ block_threshold: 10 })
    await turn({ agent_id: 'ann', action: { action: 'burn', amount: 5 } })
    expect([ledgerRows(dbPath, 'blocks').length, ledgerRows(dbPath, 'transactions').length]).toEqual([1, 1])
    expect((await init({}, ['dee'])).status).toBe(200)
    expect((await get('/state')).body).toMatchObject({ turn: 0, token_supply: 1000 })
    expect([ledgerRows(dbPath, 'blocks').length, ledgerRows(dbPath, 'transactions').length]).toEqual([0, 0])
  })

  test('what a turn finalised is in the file when it is answered', async () => {
    await init({ block_threshold: 10, unstake_delay_turns: 1 })
    await turn({ agent_id: 'ann', action: { action: 'stake', amount: 9 } })
    expect(ledgerRows(dbPath, 'transactions')).toMatchObject([
      { turn: 1, data: { tx_type: 'stake', agent_id: 'ann', amount: 9 } },
    ])
    expect(ledgerRows(dbPath, 'blocks')).toMatchObject([{ turn: 1, data: { validator_type: 'mine' } }])
    await turn({ agent_id: 'ann', action: { action: 'unstake', amount: 9 } })
    expect(ledgerRows(dbPath, 'transactions')).toHaveLength(1)
    await turn()
    expect(ledgerRows(dbPath, 'transactions')[1]).toMatchObject({ turn: 3, data: { tx_type: 'unstake', validator_type: 'mine' } })
  })

  test('equal seeds give equal worlds, another seed other winners', async () => {
    const winners = async (seed: number) => {
      const other = await startSimEngine({ port: 0, dbPath: join(folder, `${files++}.sqlite`), seed })
      await request(other.url, '/init', { config: {}, agent_ids: ['a', 'b', 'c', 'd'] })
      const won: unknown[] = []
      for (let t = 0; t < 12; t++) won.push(((await request(other.url, '/turn', { inputs: [] })).body.data as Json).block_winner)
      await other.close()
      return won.join('')
    }
    expect(await winners(5)).toBe(await winners(5))
    expect(await winners(6)).not.toBe(await winners(5))
  })
})

describe('wrong input gets its status and names its field', () => {
  const mine = { agent_id: 'ann', action: { action: 'mine' } }
  test.each<[string, unknown, number, string]>([
    ['/init', '{', 400, 'body'],
    ['/init', '[]', 400, 'body'],
    ['/init', 'null', 400, 'body'],
    ['/init', { config: {} }, 400, 'agent_ids'],
    ['/init', { config: {}, agent_ids: [] }, 400, 'agent_ids'],
    ['/init', { config: {}, agent_ids: ['a', 7] }, 400, 'agent_ids.1'],
    ['/init', { config: {}, agent_ids: ['a', 'b', 'a'] }, 400, 'agent_ids.2'],
    ['/init', { config: { num_agents: 4 }, agent_ids: ['a', 'b'] }, 400, 'config.num_agents'],
    ['/init', { config: { genesis: 5 }, agent_ids: ['a'] }, 400, 'config.genesis'],
    ['/init', '{"config": {"__proto__": {"num_agents": 1}}, "agent_ids": ["a"]}', 400, 'config.__proto__'],
    ['/init', { config: { signing_bonus: -1 }, agent_ids: ['a'] }, 400, 'config.signing_bonus'],
    ['/init', '{"config": {"signing_bonus": 1e999}, "agent_ids": ["a"]}', 400, 'config.signing_bonus'],
    ['/init', { config: {}, agent_ids: ['a'], seed: 3 }, 400, 'seed'],
    ['/turn', {}, 400, 'inputs'],
    ['/turn', { inputs: {} }, 400, 'inputs'],
    ['/turn', { inputs: [null] }, 400, 'inputs.0'],
    ['/turn', { inputs: [mine, { action: { action: 'mine' } }] }, 400, 'inputs.1.agent_id'],
    ['/turn', { inputs: [{ ...mine, agent_id: 'zed' }] }, 400, 'inputs.0.agent_id'],
    ['/turn', { inputs: [{ ...mine, agent_id: '__proto__' }] }, 400, 'inputs.0.agent_id'],
    ['/turn', { inputs: [{ agent_id: 'ann' }] }, 400, 'inputs.0.action'],
    ['/turn', { inputs: [{ ...mine, action: 'mine' }] }, 400, 'inputs.0.action'],
    ['/turn', { inputs: [{ ...mine, action: {} }] }, 400, 'inputs.0.action.action'],
    ['/turn', { inputs: [{ ...mine, thinking_units: -1 }] }, 400, 'inputs.0.thinking_units'],
    ['/turn', { inputs: [{ ...mine, output_units: 1.5 }] }, 400, 'inputs.0.output_units'],
    ['/turn', { inputs: [{ ...mine, output_units: '9' }] }, 400, 'inputs.0.output_units'],
    ['/turn', { inputs: [{ ...mine, speech: 7 }] }, 400, 'inputs.0.speech'],
    ['/nowhere', {}, 404, 'path'],
    ['/__proto__', {}, 404, 'path'],
    ['/state', {}, 405, 'method'],
    ['/init', 'x'.repeat(1024 * 1024 + 1), 413, 'body'],
  ])('POST %s %j', async (path, body, status, field) => {
    await init()
    const answer = await post(path, body)
    expect([answer.status, answer.body.ok, answer.body.field]).toEqual([status, false, field])
    expect(String(answer.body.error).length).toBeGreaterThan(5)
    expect((await get('/state')).body).toMatchObject({ turn: 0, token_supply: 3000 })
  })

  test('a body of one mebibyte is read', async () => {
    await init()
    const body = JSON.stringify({ inputs: [{ agent_id: 'ann', thinking: '', action: { action: 'mine' } }] })
    const padded = body.replace('"thinking":""', `"thinking":"${'x'.repeat(1024 * 1024 - body.length)}"`)
    expect(padded).toHaveLength(1024 * 1024)
    expect((await post('/turn', padded)).status).toBe(200)
  })

  test('a speech beyond its length is the agent’s mistake', async () => {
    await init()
    const { status, body } = await turn({ agent_id: 'ann', action: { action: 'mine' }, speech: 'x'.repeat(281) })
    expect([status, (body.data as { rejected: Json[] }).rejected[0]!.code]).toEqual([200, 'bad_arguments'])
  })

  test('a client that goes away in the middle of its body harms nobody', async () => {
    await init()
    const { hostname, port } = new URL(engine.url)
    await new Promise<void>(resolve => {
      const socket = createConnection({ host: hostname, port: Number(port) }, () => {
        socket.write('POST /turn HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"inputs"', () => socket.destroy())
      })
      socket.on('close', () => resolve())
    })
    expect((await turn()).status).toBe(200)
  })

  test('what the engine itself fails at is answered with 500 and told to who runs it', async () => {
    const bugs: unknown[] = []
    const path = join(folder, `${files++}.sqlite`)
    const other = await startSimEngine({ port: 0, dbPath: path, onBug: error => bugs.push(error) })
    await request(other.url, '/init', { config: {}, agent_ids: ['ann', 'bob', 'cy'] })
    const file = new Database(path)
    for (const { name } of file
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all() as { name: string }[])
      file.exec(`DROP TABLE "${name}"`)
    file.close()
    expect((await request(other.url, '/turn', { inputs: [] })).status).toBe(500)
    expect(bugs).toMatchObject([{ message: expect.stringContaining('no such table') }])
    expect((await request(other.url, '/turn', { inputs: 7 })).status).toBe(400)
    expect(bugs).toHaveLength(1)
    await other.close()
  })

  test('a file that is no ledger, or cannot be had, is refused at the start', async () => {
    const path = join(folder, 'text.sqlite')
    writeFileSync(path, 'this is not a database, but it is long enough to be looked at as if it were one')
    await expect(startSimEngine({ port: 0, dbPath: path })).rejects.toThrow('not a database')
    await expect(startSimEngine({ port: 0, dbPath: join(folder, 'no', 'where.sqlite') })).rejects.toThrow()
    const port = Number(new URL(engine.url).port)
    await expect(startSimEngine({ port, dbPath: join(folder, 'busy.sqlite') })).rejects.toThrow('EADDRINUSE')
  })
})

describe('who else is there', () => {
  /** What a server says to bytes, until it hangs up. */
  const raw = (url: string, text: string, then?: (socket: Socket) => void): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url)
      let got = ''
      const socket = createConnection({ host: hostname, port: Number(port) }, () => {
        socket.write(text)
        then?.(socket)
      })
      socket.on('data', data => (got += data))
      socket.on('close', () => resolve(got))
      socket.on('error', reject)
    })

  test('a second engine on the same file is refused, by whatever name it is called, until the first is closed', async () => {
    const link = join(folder, `link-${files}.sqlite`)
    symlinkSync(dbPath, link)
    for (const path of [dbPath, link])
      await expect(startSimEngine({ port: 0, dbPath: path })).rejects.toThrow(
        /\.sqlite is used by this process: stop that engine, or choose another DB_PATH/,
      )
    expect((await init()).status).toBe(200)
    await engine.close()
    engine = await startSimEngine({ port: 0, dbPath: link })
    expect((await init()).status).toBe(200)
  })

  test.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/jsonx', 415],
    [undefined, 415],
    ['application/json', 200],
    ['Application/JSON; charset=utf-8', 200],
  ])('a body of type %s is answered %i', async (type, status) => {
    const body = JSON.stringify({ config: {}, agent_ids: ['ann', 'bob'] })
    const response = await fetch(`${engine.url}/init`, {
      method: 'POST',
      body: Buffer.from(body),
      ...(type !== undefined && { headers: { 'content-type': type } }),
    })
    expect(response.status).toBe(status)
    if (status === 415) expect(await response.json()).toMatchObject({ ok: false, field: 'content-type' })
    await expect(get('/state')).resolves.toMatchObject({ status: status === 200 ? 200 : 409 })
  })

  test.each([
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['10.0.0.1:8000', 403],
    ['localhost:8000', 200],
    ['127.0.0.1', 200],
    ['[::1]:8000', 200],
  ])('a request to the host %s is answered %i', async (host, status) => {
    const answer = await raw(engine.url, `GET /config HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    if (status === 403) expect(answer).toContain('"field":"host"')
  })

  test.each([
    ['in its headers', 'POST /turn HTTP/1.1\r\nHost: localhost\r\n'],
    [
      'in its body',
      'POST /turn HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"inputs"',
    ],
  ])('a client that stalls %s is told so, and others are answered meanwhile', async (_where, text) => {
    const slow = await startSimEngine({ port: 0, dbPath: join(folder, `${files++}.sqlite`), requestTimeoutMs: 300 })
    const stalled = raw(slow.url, text)
    expect((await request(slow.url, '/config')).status).toBe(200)
    expect(await stalled).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"The request did not arrive within 0\.3 s\."/)
    await slow.close()
  })

  test('what is no request is told so', async () => {
    expect(await raw(engine.url, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*no HTTP request/)
  })
})

describe('fuzzing', () => {
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      1e308,
      -1,
      0.5,
      2 ** 53,
      '',
      'x'.repeat(3000),
      null,
      [],
      {},
      '__proto__',
      'toString',
      'bob',
      'agent_0',
    ),
  )
  const anyOf = (names: readonly string[]) =>
    fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names, '__proto__', 'constructor'), fc.string()), odd), { maxLength: 5 }).map(
      // Written out as text, so that `__proto__` is a field like any other.
      entries => `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`,
    )
  const action = fc
    .tuple(
      fc.constantFrom(
        'mine',
        'job',
        'stake',
        'unstake',
        'burn',
        'study',
        'transfer',
        'bid_core',
        'propose_contract',
        'toString',
        '',
      ),
      anyOf([
        'amount',
        'to',
        'fee',
        'core_id',
        'counterparty',
        'arbitrator',
        'payment',
        'deposit',
        'deliverable',
        'due_turns',
        'speech',
      ]),
    )
    .map(([name, rest]) => `{"action":${JSON.stringify(name)}${rest === '{}' ? '' : `,${rest.slice(1, -1)}`}}`)
  const input = fc.oneof(
    { weight: 1, arbitrary: anyOf(['agent_id', 'action', 'speech', 'thinking', 'thinking_units', 'output_units']) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom('ann', 'bob', 'cy', 'zed'), action, fc.nat(5000))
        .map(([agent, act, units]) => `{"agent_id":"${agent}","action":${act},"output_units":${units}}`),
    },
  )
  const body = fc.oneof(
    { weight: 1, arbitrary: fc.oneof(fc.string(), anyOf(['config', 'agent_ids', 'inputs'])) },
    {
      weight: 1,
      arbitrary: anyOf(['num_agents', 'signing_bonus', 'shocks', 'debt_rail']).map(
        config => `{"config":${config},"agent_ids":["ann","bob","cy"]}`,
      ),
    },
    { weight: 8, arbitrary: fc.array(input, { maxLength: 3 }).map(inputs => `{"inputs":[${inputs.join()}]}`) },
  )

  test('random requests are answered, refused or carried out, and no token is lost', async () => {
    await init()
    const seen = new Set<number>()
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('/turn', '/turn', '/turn', '/init', '/state', '/config'), body, async (path, text) => {
        const { status, body: answer } = await post(path, text)
        seen.add(status)
        expect([200, 400, 405]).toContain(status)
        expect(answer.ok).toBe(status === 200)
        const { body: state } = await get('/state')
        const worth = (state.agents as Record<string, number>[]).reduce(
          (sum, agent) => sum + agent.balance! + agent.staked! + agent.unstaking! + agent.escrow! - agent.frozen_debt!,
          0,
        )
        expect(state.token_supply).toBe(worth)
      }),
      { numRuns: 300, seed: 4 },
    )
    expect(seen).toEqual(new Set([200, 400, 405]))
  })
})
