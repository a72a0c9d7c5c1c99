// agoragym/export: groups of rollouts with their advantages, and training files split by seed.
import { economies, environments } from 'agoragym'
import { estimatorNamed, exportRuns, formatNamed, formats, parseSplits, writeGroups } from 'agoragym/export'
import { experiment, runExperiment } from 'agoragym/rollouts'

const asked = experiment({ repeats: 4, entries: [{ env: 'sim_economy', seeds: '6', players: ['random'] }] })
const { cells } = await runExperiment(asked, { economies, out: 'runs/export' })
const runs = cells.flatMap(cell => cell.runs.map(({ folder }) => folder))
for (const run of runs) console.log(writeGroups(run, 4, estimatorNamed('grpo')).groups, 'groups of 4')

console.log(formats.map(({ id }) => id).join(' '))
for (const id of ['verifiers', 'preference', 'parquet']) {
  const { counts } = await exportRuns({
    runs,
    format: formatNamed(id),
    out: `exported/${id}`,
    splits: parseSplits('train=0.8,test=0.2'),
    includeTruncated: true,
    environments,
  })
  console.log(id, counts.rows, 'rows')
}
