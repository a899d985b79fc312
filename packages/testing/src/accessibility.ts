import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** Which of axe's rules look at colours: the others say the same of a page in each theme. */
const colourRules = ['color-contrast', 'link-in-text-block'];

/**
 * What axe finds wrong with a page as it stands, one line each: the rule, the element, and how to mend it. Every rule in
 * one theme, and those about colours in the others.
 */
export async function accessibilityFaults(
  page: Page,
  themes: readonly ('light' | 'dark')[],
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const [index, theme] of themes.entries()) {
    await page.emulateMedia({ colorScheme: theme });
    // The page has axe from the first look on.
    const builder = new AxeBuilder(index === 0 ? { page } : { page, axeSource: ';' })
      // Without legacy mode axe opens a page of its own for each look, for frames of other origins: there are none.
      .setLegacyMode()
      // To describe what is well, element by element, takes as long as to find what is not.
      .options({ resultTypes: ['violations'], ...(index === 0 ? {} : { runOnly: colourRules }) });
    const { violations } = await builder.analyze();
    for (const { id, nodes } of violations)
      for (const { target, failureSummary } of nodes)
        faults.push(`(${theme}): ${id} at ${target.join(' ')}: ${failureSummary ?? ''}`);
  }
  return faults;
}
