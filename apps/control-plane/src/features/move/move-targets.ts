import { type AccountRow, childrenByParent, treeRows } from '../accounts/account-tree.ts';

export interface MoveTarget {
  readonly value: string;
  /** With what stands above it, so that two of one name are told apart. */
  readonly label: string;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Where an account may move to: all of the tree that is seen and works, but itself, what is below it, and its parent. */
export function moveTargets(
  top: Named,
  accounts: readonly AccountRow[],
  moved: { readonly id: string; readonly parentId?: string | undefined },
): readonly MoveTarget[] {
  const below = childrenByParent(accounts);
  const isOut = new Set([moved.id]);
  for (const id of isOut) for (const child of below.get(id) ?? []) isOut.add(child.id);
  const pathOf = new Map([[top.id, top.name]]);
  const rows = treeRows(accounts, top.id, () => true);
  for (const { account } of rows)
    pathOf.set(account.id, `${pathOf.get(account.parentId ?? top.id) ?? ''} / ${account.name}`);
  // The top one, which is not among the rows, is what the move is asked from.
  const isOpen = (id: string) =>
    (rows.find(({ account }) => account.id === id)?.account.effectiveState ?? 'active') === 'active';
  return [...pathOf]
    .filter(([id]) => !isOut.has(id) && id !== moved.parentId && isOpen(id))
    .map(([value, label]) => ({ value, label }));
}
