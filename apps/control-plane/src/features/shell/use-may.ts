'use client';

import type { OperationName } from '../as-code/code-example.ts';
import { useAccount, useMe } from './account.ts';
import { mayDo, type Place } from './rights.ts';

/** Tells of any operation whether whoever is signed in may do it. Undefined until it is known who they are. */
export function useRights(): (operation: string, place?: Place) => boolean | undefined {
  const { data: me } = useMe();
  const { data: account } = useAccount();
  return (operation, place = 'here') => {
    if (me === undefined || account === undefined) return undefined;
    const chain = [...account.ancestors.map(({ id }) => id), account.id];
    const isStopped = account.state !== 'active';
    return mayDo(operation, { chain, held: me.accounts, isLooking: me.view !== undefined, isStopped }, place);
  };
}

/** Whether whoever is signed in may do this at the account at hand. The platform decides again when it is asked. */
export function useMay(operation: OperationName, place?: Place): boolean {
  return useRights()(operation, place) === true;
}
