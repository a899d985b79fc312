import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** What axe finds wrong with a page as it stands, one line each: the rule, the element, and how to mend it. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  // Without legacy mode axe opens a page of its own for each look, for frames of other origins: there are none.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}
