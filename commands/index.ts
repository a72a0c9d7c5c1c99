/**
 * The commands, in the order that help lists them: what is said of all of them at once. The rest of a command is loaded when it
 * is typed, so nothing here imports one.
 */
import type { CommandHead } from './command.ts'

const ENV = 'id of an economy; `agoragym envs` lists them'
const RUNS = 'run folders, or folders of them (./runs)'

export const commands: readonly CommandHead[] = [
  {
    name: 'start',
    positionals: { '[ENV…]': 'economies to play (all with scripted players of their own)' },
    describe: 'Compare the scripted players of every economy and write a report; what is finished is not played again.',
    load: async () => (await import('./start.ts')).start,
  },
  {
    name: 'envs',
    positionals: {},
    describe: 'List the economies.',
    load: async () => (await import('./envs.ts')).envs,
  },
  {
    name: 'describe',
    positionals: { ENV },
    describe: 'Show the rules, tools, configuration, bots and metrics of an economy.',
    load: async () => (await import('./describe.ts')).describe,
  },
  {
    name: 'scenarios',
    positionals: { ENV },
    describe: "Write an economy's scenario data set as JSON Lines of id, seed, config and first messages.",
    load: async () => (await import('./scenarios.ts')).scenarios,
  },
  {
    name: 'play',
    positionals: { ENV },
    describe: 'Watch one episode turn by turn, or play in it.',
    load: async () => (await import('./play.ts')).play,
  },
  {
    name: 'eval',
    positionals: { '[ENV]': ENV },
    describe: 'Evaluate players in an economy, or a suite of evaluations: one folder of files a player, and a table.',
    load: async () => (await import('./eval.ts')).evalCommand,
  },
  {
    name: 'tournament',
    positionals: { ENV },
    describe: 'A round-robin: every two players share the seats of an economy, once in each order.',
    load: async () => (await import('./tournament.ts')).tournament,
  },
  {
    name: 'rollouts',
    positionals: { ENV },
    describe: 'Play groups of rollouts to learn from: the same seed several times, with rewards and advantages.',
    load: async () => (await import('./rollouts.ts')).rollouts,
  },
  {
    name: 'worker',
    positionals: {},
    describe: 'Play what comes through a queue on Redis, until it is stopped.',
    load: async () => (await import('./worker.ts')).worker,
  },
  {
    name: 'queue',
    positionals: { ACTION: 'status, drain or clear', '[URL]': 'redis://HOST:PORT of the queue (the one in AGORAGYM_QUEUE)' },
    describe: 'Show what is due, runs and has failed in a queue, or empty it.',
    load: async () => (await import('./queue.ts')).queue,
  },
  {
    name: 'runs',
    positionals: { '[DIR]': 'folder to look in (./runs)' },
    describe: 'List the runs in a folder.',
    load: async () => (await import('./runs.ts')).runs,
  },
  {
    name: 'merge',
    positionals: { OUT: "folder for the runs' folders", 'RUN…': 'run folders that are parts of one run, or folders of parts' },
    describe: 'Make one run of the parts that it was played in (--shard), or of runs of one thing with different examples.',
    load: async () => (await import('./merge.ts')).merge,
  },
  {
    name: 'score',
    positionals: { '[RUN…]': RUNS },
    describe: 'Add metrics and judgements of your own to finished runs; compare, report and export then show them.',
    load: async () => (await import('./score.ts')).score,
  },
  {
    name: 'compare',
    positionals: { '[RUN…]': RUNS },
    describe: 'Compare players: scores with intervals, differences, passing, wins, behaviour, cost.',
    load: async () => (await import('./compare.ts')).compare,
  },
  {
    name: 'view',
    positionals: { '[RUN…]': RUNS },
    describe:
      'Look at runs in a browser, every rollout turn by turn, also while they are played; or at a game that lives (--live).',
    load: async () => (await import('./view.ts')).view,
  },
  {
    name: 'report',
    positionals: { '[RUN…]': RUNS },
    describe: 'Write a report: one HTML file with tables, charts and transcripts, read without a network.',
    load: async () => (await import('./report.ts')).report,
  },
  {
    name: 'export',
    positionals: { '[RUN…]': RUNS },
    describe: 'Write runs as training data: a folder of files and a data card.',
    load: async () => (await import('./export.ts')).exportCommand,
  },
  {
    name: 'lab-export',
    positionals: { '[RUN…]': 'run folders, folders of them (./runs), or records of the laboratory (*.log.json)' },
    describe: "Write sessions as their laboratory's files: wide sheet, market log, game data, record.",
    load: async () => (await import('./lab_export.ts')).labExport,
  },
  {
    name: 'replay',
    positionals: { FILE: 'a run folder, a folder of them, or a file of logs' },
    describe: 'Play logged episodes again and name the first step that differs.',
    load: async () => (await import('./replay.ts')).replay,
  },
  {
    name: 'render',
    positionals: { LOG: 'a run folder, a folder of them, or a file of logs' },
    describe: 'Draw what there is to see of a game after so many steps, as SVG or PNG, or say it in words.',
    load: async () => (await import('./render.ts')).render,
  },
  {
    name: 'replicate',
    positionals: { STUDY: 'id of a published study' },
    describe: 'Run a published study again and print its figures beside ours.',
    load: async () => (await import('./replicate.ts')).replicate,
  },
  {
    name: 'host',
    positionals: { ENV },
    describe: 'Let people play in their browsers, beside models and bots: a link a seat, and a page for the experimenter.',
    load: async () => (await import('./host.ts')).host,
  },
  {
    name: 'serve',
    positionals: {},
    describe: 'Serve games to trainers over HTTP and WebSocket: OpenEnv, ORS, NeMo Gym and the own wire on one port.',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'connect',
    positionals: { PROTOCOL: 'otree or ibex', URL: 'address of the server, such as http://127.0.0.1:8000' },
    describe: 'Take seats at an experiment server with models, bots, people and served policies, and write everything down.',
    load: async () => (await import('./connect.ts')).connect,
  },
  {
    name: 'otree-app',
    positionals: { ENV },
    describe: 'Write an economy as an oTree project: people in the browser, its games played by `agoragym serve`.',
    load: async () => (await import('./otree_app.ts')).otreeAppCommand,
  },
  {
    name: 'audit',
    positionals: { '[ENV]': 'id of an economy; all of them where none is named' },
    describe: 'Attack an economy with cheap policies and judge it by what an economy worth playing must show.',
    load: async () => (await import('./audit.ts')).audit,
  },
  {
    name: 'bench',
    positionals: { '[ID…]': 'benchmarks to run (all)' },
    describe: 'Measure how fast the economies and the runner are on this machine.',
    load: async () => (await import('./bench.ts')).bench,
  },
  {
    name: 'new',
    positionals: { WHAT: 'what is made: economy', NAME: 'its id in snake_case, such as tide_pool' },
    describe: 'Write a new economy that plays: rules, bots, tests and what wires them.',
    load: async () => (await import('./new.ts')).newCommand,
  },
]
