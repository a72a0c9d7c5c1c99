/** The first thing on the page: who earns most, by how much, whether that is settled and what sets players apart. Knows the overview; computes no figure. */
import { chip, drawRewards } from './charts.js'
import { docTextOf, figureHow, figureText, number, plural } from './format.js'
import { element } from './tables.js'

function chance(figure, correction) {
  const p = correction === 'bh' ? figure.q : figure.p_adjusted
  if (typeof p !== 'number') return '–'
  return `${correction === 'bh' ? 'q' : 'p'} ${p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`}`
}

const minus = value => number(value).replace('-', '−')
const interval = ({ low, high }) =>
  typeof low === 'number' && typeof high === 'number' ? ` [${minus(low)}, ${minus(high)}]` : ''
const signed = value => `${value > 0 ? '+' : ''}${minus(value)}`

/** A difference seen from the better of the two. */
const mirrored = ({ value, low, high, ...rest }) => ({
  ...rest,
  value: -value,
  ...(typeof low === 'number' && typeof high === 'number' && { low: -high, high: -low }),
})

/** The verdict of a setting in sentences. `docOf` says what something measured is. */
function verdictOf({ scenarios, best, by, next, why }, correction, docOf) {
  const [least, most] = scenarios
  const played = least === most ? plural(most, 'scenario') : `${least} to ${plural(most, 'scenario')}`
  const lines = [
    element(
      'p',
      { title: figureHow(best.reward) },
      element('b', {}, best.player),
      ` earns most: ${minus(best.reward.value)}${interval(best.reward)} over ${played}.`,
    ),
  ]
  if (by === null) return [...lines, element('p', {}, 'Nobody else is there to compare it with.')]
  // What is compared with the baseline is told of the best, whichever of the two it is.
  const own = best.is_baseline ? mirrored : figure => figure
  const { value, ...doubt } = own(by.difference)
  const other = best.is_baseline ? `${by.player}, the next` : `${by.difference.player.split(' − ')[1]}, the baseline`
  const mark = by.settled ? element('b', { class: 'settled' }, 'settled') : element('b', { class: 'open' }, 'not settled')
  lines.push(
    element(
      'p',
      { title: figureHow(by.difference) },
      `That is ${minus(Math.abs(value))}${interval(doubt)} ${value < 0 ? 'less' : 'more'} than ${other}, on the scenarios of both: `,
      mark,
      ` (${chance(by.difference, correction)}).`,
    ),
  )
  if (!best.is_baseline && next !== null && !next.is_baseline)
    lines.push(
      element('p', {}, `Next is ${next.player} with ${minus(next.reward.value)}; --baseline '${next.player}' tests the two.`),
    )
  if (why.length > 0) {
    const reasons = why.flatMap((figure, i) => {
      const doc = docOf(figure.item)
      const name = element(doc === undefined ? 'span' : 'abbr', doc === undefined ? {} : { title: doc }, figure.item)
      return [...(i === 0 ? [] : [', ']), name, ` ${signed(own(figure).value)}`]
    })
    lines.push(element('p', {}, 'Between these two it is also settled in ', ...reasons, '.'))
  }
  return lines
}

function rowOf({ player, reward, is_baseline: isBaseline, difference, settled }, place, cost, correction) {
  const value = reward.value === null ? '–' : minus(reward.value)
  const paid = cost.find(figure => figure.player === player)
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, chip(place), ' ', player),
    element(
      'td',
      { title: figureHow(reward) },
      value,
      ' ',
      element('small', {}, `${interval(reward).trim()}${reward.method === 'bootstrap' ? '*' : ''}`),
    ),
    element(
      'td',
      difference === null ? {} : { title: figureHow(difference) },
      ...(difference === null
        ? [isBaseline ? 'the baseline' : '–']
        : [signed(difference.value), ' ', element('small', {}, interval(difference).trim())]),
    ),
    element(
      'td',
      {},
      ...(difference === null
        ? []
        : [element('b', { class: settled ? 'settled' : 'open' }, settled ? 'settled' : 'not settled')]),
      ...(difference === null ? [] : [' ', element('small', {}, chance(difference, correction))]),
    ),
    ...(cost.length === 0
      ? []
      : [element('td', paid === undefined ? {} : { title: figureHow(paid) }, paid === undefined ? '–' : figureText(paid)[0])]),
  )
}

function tableOf(setting, overview, placeOf) {
  const rows = overview.rows.filter(row => row.setting === setting)
  const cost = overview.cost.filter(figure => figure.setting === setting)
  const heads = ['player', 'reward', 'against the baseline', 'settled', ...(cost.length === 0 ? [] : ['USD a rollout'])]
  const head = element('tr', {}, ...heads.map(text => element('th', { scope: 'col' }, text)))
  const body = rows.map(row => rowOf(row, placeOf(setting, row.player), cost, overview.correction))
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...body))
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Rewards in ${setting}` }, table)
}

/** A setting: what it comes to, and its table. */
function settingPart(setting, overview, { placeOf, docs }) {
  const docOf = name => docTextOf(docs[setting]?.[name])
  const verdicts = overview.verdicts
    .filter(verdict => verdict.setting === setting)
    .flatMap(verdict => verdictOf(verdict, overview.correction, docOf))
  return element(
    'article',
    { class: 'answer' },
    element('div', { class: 'verdict' }, element('h3', {}, setting), ...verdicts),
    tableOf(setting, overview, placeOf),
  )
}

/** What was measured that a verdict names, each once. */
function namesPart(overview, docs) {
  const known = new Map()
  for (const { setting, why } of overview.verdicts)
    for (const { item } of why) {
      const doc = docTextOf(docs[setting]?.[item])
      if (doc !== undefined) known.set(item, doc)
    }
  if (known.size === 0) return []
  const list = element(
    'dl',
    { class: 'names' },
    ...[...known].flatMap(([name, doc]) => [element('dt', {}, name), element('dd', {}, doc)]),
  )
  return [element('details', {}, element('summary', {}, 'What these names mean'), list)]
}

/**
 * Fills the section; gives what draws its chart again. `placeOf` says which colour and symbol a player of a setting has, `docs` what is
 * measured in each setting, `sweeps` which settings are points of a sweep: these stand behind a fold.
 */
export function fillOverview(section, overview, { placeOf, docs, sweeps }) {
  const settings = [...new Set(overview.rows.map(({ setting }) => setting))]
  for (const part of ['.answers', '.lacking', 'figure']) section.querySelector(part).replaceChildren()
  if (settings.length === 0) {
    section.querySelector('.answers').append(element('p', { class: 'note' }, 'No rollout was scored.'))
    return () => {}
  }
  const changed = settings.filter(setting =>
    sweeps.some(sweep => sweep.settings.includes(setting) && setting.includes(`${sweep.factor}=`)),
  )
  const folded = changed.length === settings.length ? [] : changed
  const plain = settings.filter(setting => !folded.includes(setting))
  const partOf = setting => settingPart(setting, overview, { placeOf, docs })
  section
    .querySelector('.answers')
    .append(
      ...plain.map(partOf),
      ...(folded.length === 0
        ? []
        : [
            element(
              'details',
              {},
              element('summary', {}, `${plural(folded.length, 'more setting')}, points of sweeps`),
              ...folded.map(partOf),
            ),
          ]),
      ...namesPart(overview, docs),
    )
  const lacks = overview.lacking.map(
    ({ setting, player, what, rollouts }) => `${player} in ${setting}: ${plural(rollouts, 'rollout')} ${what}`,
  )
  section.querySelector('.lacking').append(...lacks.map(text => element('li', {}, text)))
  section.querySelector('.lacking').hidden = lacks.length === 0
  const figure = section.querySelector('figure')
  return () => drawRewards(figure, { rows: overview.rows.filter(({ setting }) => plain.includes(setting)), placeOf })
}
