'use client';

import { useSeesOrganisation } from './account.ts';
import { type Page, type Part, pages } from './pages.ts';
import { useRights } from './use-may.ts';

export interface ShownPage extends Page {
  /** Its first segment that is of use to whoever looks. */
  readonly leadsTo: string;
}

/** Of the parts of a page, those that are of use to whoever looks. Until it is known who that is, all of them. */
export function useShownParts(parts: readonly Part[]): readonly Part[] {
  const rights = useRights();
  const seesOrganisation = useSeesOrganisation();
  return parts.filter(
    ({ needs, isOfOrganisation }) =>
      rights(needs) !== false && (isOfOrganisation !== true || seesOrganisation !== false),
  );
}

/** The pages that are of use to whoever looks, each with where it leads them. An address of another still says why not. */
export function useShownPages(): readonly ShownPage[] {
  const rights = useRights();
  return pages.flatMap((page) => {
    const { segment, needs, parts = [{ key: segment, needs }] } = page;
    const first = parts.find((part) => part.needs === undefined || rights(part.needs) !== false);
    return first === undefined ? [] : [{ ...page, leadsTo: first.key }];
  });
}
