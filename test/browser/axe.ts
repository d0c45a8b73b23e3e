import axe, { type AxeResults } from 'axe-core';
import { type Page } from 'playwright-core';

/** What axe finds wrong for people with disabilities: each rule that is broken, and where. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
