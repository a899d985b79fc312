import type { Outputs } from '../../trpc/client.ts';

export type AccountRow = Outputs['accounts']['list']['items'][number];

export interface TreeRow {
  readonly account: AccountRow;
  /** Below the account that the page is about: 1 for its children. */
  readonly level: number;
  readonly isExpanded: boolean;
  readonly hasChildren: boolean;
}

/** The tree as rows, in the order in which it is drawn. What is folded in is not among them. */
export function treeRows(
  accounts: readonly AccountRow[],
  topId: string,
  isExpanded: (account: AccountRow, level: number) => boolean,
): readonly TreeRow[] {
  const children = childrenByParent(accounts);
  const rows: TreeRow[] = [];
  const add = (parentId: string, level: number) => {
    for (const account of children.get(parentId) ?? []) {
      const hasChildren = children.has(account.id) || account.childCount > 0;
      const expanded = hasChildren && isExpanded(account, level);
      rows.push({ account, level, hasChildren, isExpanded: expanded });
      if (expanded) add(account.id, level + 1);
    }
  };
  add(topId, 1);
  return rows;
}

export function childrenByParent(
  accounts: readonly AccountRow[],
): ReadonlyMap<string, readonly AccountRow[]> {
  const children = new Map<string, AccountRow[]>();
  for (const account of accounts) {
    const parentId = account.parentId ?? '';
    const siblings = children.get(parentId) ?? [];
    siblings.push(account);
    children.set(parentId, siblings);
  }
  return children;
}

/** Use by account, each with that of all below it. */
export function inclusiveUse(
  accounts: readonly AccountRow[],
  own: ReadonlyMap<string, bigint>,
): ReadonlyMap<string, bigint> {
  const totals = new Map<string, bigint>();
  const parents = new Map(accounts.map(({ id, parentId }) => [id, parentId]));
  for (const [id, quantity] of own) {
    for (let at: string | undefined = id; at !== undefined; at = parents.get(at)) {
      totals.set(at, (totals.get(at) ?? 0n) + quantity);
    }
  }
  return totals;
}

/** How many each account is with all below it, as far as they are in the list. */
export function inclusiveCounts(accounts: readonly AccountRow[]): ReadonlyMap<string, number> {
  const totals = inclusiveUse(accounts, new Map(accounts.map(({ id }) => [id, 1n])));
  return new Map([...totals].map(([id, count]) => [id, Number(count)]));
}
