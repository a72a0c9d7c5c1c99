/** The first thing on the page: who earns most, by how much, whether that is settled and what sets players apart. Knows the overview; computes no figure. */
import { chip, drawRewards } from './charts.js'
import { figureHow, figureText, number, plural } from './format.js'
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

/** The verdict of a setting in sentences. */
function verdictOf({ setting, scenarios, best, by, why }, correction) {
  const [least, most] = scenarios
  const played = least === most ? plural(most, 'scenario') : `${least} to ${plural(most, 'scenario')}`
  const lines = [
    element(
      'p',
      {},
      element('b', {}, best.player),
      ` earns most: ${minus(best.reward.value)}${interval(best.reward)} over ${played}.`,
    ),
  ]
  if (by === null) lines.push(element('p', {}, 'Nobody else is there to compare it with.'))
  else {
    const { value } = by.difference
    const [pair, against] = by.difference.player.split(' − ')
    const text = `${pair} against ${against}: ${signed(value)}${interval(by.difference)} on shared scenarios, `
    const mark = by.settled ? element('b', { class: 'settled' }, 'settled') : element('b', { class: 'open' }, 'not settled')
    lines.push(element('p', {}, text, mark, ` (${chance(by.difference, correction)}).`))
    if (why.length > 0) {
      const list = why.map(figure => `${figure.item} ${signed(figure.value)}`).join(', ')
      lines.push(element('p', {}, `What else sets ${pair} apart: ${list}.`))
    }
  }
  return element('div', { class: 'verdict' }, element('h3', {}, setting), ...lines)
}

function rowOf({ player, reward, is_baseline: isBaseline, difference, settled }, place, cost, correction) {
  const [value, doubt] = figureText(reward)
  const paid = cost.find(figure => figure.player === player)
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, chip(place), ' ', player),
    element('td', { title: figureHow(reward) }, value, ' ', element('small', {}, doubt)),
    element(
      'td',
      difference === null ? {} : { title: figureHow(difference) },
      difference === null ? (isBaseline ? 'the baseline' : '–') : `${signed(difference.value)}${interval(difference)}`,
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
  const table = element('table', {}, element('caption', {}, setting), element('thead', {}, head), element('tbody', {}, ...body))
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Rewards in ${setting}` }, table)
}

/** Fills the section; gives what draws its chart again. `placeOf` says which colour and symbol a player of a setting has. */
export function fillOverview(section, overview, placeOf) {
  const settings = [...new Set(overview.rows.map(({ setting }) => setting))]
  for (const part of ['.verdicts', '.answers', '.lacking', 'figure']) section.querySelector(part).replaceChildren()
  if (settings.length === 0) {
    section.querySelector('.verdicts').append(element('p', { class: 'note' }, 'No rollout was scored.'))
    return () => {}
  }
  section.querySelector('.verdicts').append(...overview.verdicts.map(verdict => verdictOf(verdict, overview.correction)))
  section.querySelector('.answers').append(...settings.map(setting => tableOf(setting, overview, placeOf)))
  const lacks = overview.lacking.map(
    ({ setting, player, what, rollouts }) => `${player} in ${setting}: ${plural(rollouts, 'rollout')} ${what}`,
  )
  section.querySelector('.lacking').append(...lacks.map(text => element('li', {}, text)))
  section.querySelector('.lacking').hidden = lacks.length === 0
  const figure = section.querySelector('figure')
  return () => drawRewards(figure, { rows: overview.rows, placeOf })
}
