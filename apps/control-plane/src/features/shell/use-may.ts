'use client';

import { reachAlong } from '@patchbay/domain/tenancy/reach';
import type { Access } from '@patchbay/kit/definition';
import { useAccount, useMe } from './account.ts';

/** Whether whoever is signed in may do such things at the account at hand. The platform decides again when it is asked. */
export function useMay(access: Access): boolean {
  const { data: me } = useMe();
  const { data: account } = useAccount();
  if (me === undefined || account === undefined) return false;
  const chain = [...account.ancestors.map(({ id }) => id), account.id];
  const grants = me.accounts.map(({ id, role }) => ({ accountId: id, role }));
  return reachAlong(chain, grants).accesses.has(access);
}
