'use client';

import { rightsAllow } from '@patchbay/domain/tenancy/access';
import { roles } from '@patchbay/domain/tenancy/definition';
import { type Grant, reachAlong } from '@patchbay/domain/tenancy/reach';
import { mountedOperations } from '@patchbay/faces/mounted';
import type { Outputs } from '../../trpc/client.ts';
import type { OperationName } from '../as-code/code-example.ts';
import { useAccount, useMe } from './account.ts';

type Held = Outputs['me']['get']['accounts'][number];

/** Whether whoever is signed in may do this at the account at hand. The platform decides again when it is asked. */
export function useMay(operation: OperationName): boolean {
  const { data: me } = useMe();
  const { data: account } = useAccount();
  if (me === undefined || account === undefined) return false;
  const chain = [...account.ancestors.map(({ id }) => id), account.id];
  const mounted = mountedOperations.find(({ group, name }) => `${group}.${name}` === operation);
  if (mounted === undefined) return false;
  const { scopeName, name, operation: declared } = mounted;
  // What is for those above alone is not for a role at the account itself.
  const isOfAbove = declared.authority === 'ancestor';
  const grants = me.accounts
    .flatMap(grantOf)
    .filter(({ accountId }) => !isOfAbove || accountId !== account.id);
  const isRead = declared.method === 'GET';
  return rightsAllow(reachAlong(chain, grants), {
    owner: scopeName,
    operation: name,
    access: declared.access,
    isRead,
  });
}

function grantOf({ id: accountId, role: held, scopes }: Held): readonly Grant[] {
  if (scopes !== undefined) return [{ accountId, role: 'custom', scopes }];
  const role = roles.find((builtIn) => builtIn === held);
  return role === undefined ? [] : [{ accountId, role }];
}
