'use client';

import { useAccount } from '../shell/account.ts';
import type { ConfigOrigin, ConfigScope } from './use-service-config.ts';

/** Says where a value comes from, as seen from a scope: 'by default', 'from Bluebird', 'set here'. */
export function useOriginText(scope: ConfigScope): (origin: ConfigOrigin | undefined) => string {
  const { data: account } = useAccount();
  const names = new Map(account?.ancestors.map(({ id, name }) => [id, name]));
  return (origin) => {
    switch (origin?.level) {
      case undefined:
      case 'default':
        return 'by default';
      case 'platform':
        return scope.kind === 'account' && account?.isPlatform === true ? 'set here' : 'from the platform';
      case 'account':
        if (origin.accountId === account?.id)
          return scope.kind === 'account' ? 'set here' : 'from this account';
        return `from ${names.get(origin.accountId ?? '') ?? 'an account above'}`;
      case 'application':
        return scope.kind === 'application' ? 'set here' : 'from the application';
      case 'instanceType':
        return scope.kind === 'instanceType' ? 'set here' : 'from the instance type';
      case 'endpoint':
        return 'set here';
      case 'trigger':
        return 'held by a trigger that fired';
    }
  };
}
