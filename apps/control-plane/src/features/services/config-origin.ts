'use client';

import { useAccount } from '../shell/account.ts';
import { type ConfigOrigin, isSameOrigin } from './config-answer.ts';
import type { ConfigScope } from './use-service-config.ts';

/** Says where a value comes from, as seen from the word that is read: 'by default', 'from Bluebird', 'set here'. */
export function useOriginText(
  scope: ConfigScope,
  here: ConfigOrigin | undefined,
): (origin: ConfigOrigin | undefined) => string {
  const { data: account } = useAccount();
  const names = new Map(account?.ancestors.map(({ id, name }) => [id, name]));
  return (origin) => {
    if (origin !== undefined && here !== undefined && isSameOrigin(origin, here)) return 'set here';
    const speaker =
      origin?.by === 'above' ? (names.get(origin.setById ?? '') ?? 'an account above') : undefined;
    const bySpeaker = speaker === undefined ? '' : `, by ${speaker}`;
    switch (origin?.level) {
      case undefined:
      case 'default':
        return 'by default';
      case 'platform':
        return 'from the platform';
      case 'account':
        if (speaker !== undefined) return `from ${speaker}`;
        if (origin.accountId === account?.id)
          return scope.kind === 'account' ? 'from the account itself' : 'from this account';
        return `from ${names.get(origin.accountId ?? '') ?? 'an account above'}`;
      case 'application':
        return `from the application${bySpeaker}`;
      case 'instanceType':
        return `from the instance type${bySpeaker}`;
      case 'endpoint':
        return `from the endpoint${bySpeaker}`;
      case 'trigger':
        return 'held by a trigger that fired';
    }
  };
}
