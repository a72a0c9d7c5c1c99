/** What axe (axe-core, Deque's accessibility engine) finds wrong with a page in the browser. Knows its severities; knows no page. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from './browser.ts'

/**
 * The serious and the critical faults of a page as it is now, or of a part of it, a line each: the rule, the elements, what is wrong.
 * `rules`: these alone, where the rest was looked for already.
 */
export async function seriousFaults(page: Page, part = 'html', rules?: string[]): Promise<string[]> {
  // The page is one of `Browser.newPage`, whose context opens no second one, which only frames would need.
  const axe = new AxeBuilder({ page: page as never }).setLegacyMode().include(part)
  const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(
        ({ target, failureSummary = '' }) =>
          `${id}: ${target.join(' ')}: ${failureSummary.replaceAll(/\s+/g, ' ').slice(0, 300)}`,
      ),
    )
}
