import { decide, refusalText } from '@patchbay/domain/policy/decide';
import { levelText } from '@patchbay/domain/policy/policy-level';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import type { Platform, Principal } from './platform.ts';

/**
 * Where keys and credentials come from is held against lists; whoever signed in to the dashboard is bound by none, so that
 * a wrong list can be taken back (ACC-9).
 */
export const isBoundByAddress = ({ actor }: Pick<Principal, 'actor'>): boolean =>
  actor.kind === 'key' || actor.kind === 'credential';

/**
 * The refusal of a key or credential that is shown from an address which the lists of its account, or of one above it, do
 * not have. An address that nobody knows is in no list.
 */
export async function refusedAddress(
  platform: Pick<Platform, 'accessChain' | 'nowMs'>,
  { principal, address }: { readonly principal: Principal; readonly address?: string | undefined },
): Promise<ServiceError | undefined> {
  const { actor } = principal;
  if (actor.kind !== 'key' && actor.kind !== 'credential') return undefined;
  const chain = await platform.accessChain(actor.accountId, principal);
  const decision = decide(chain, {
    verifier: actor.kind,
    atMs: platform.nowMs(),
    service: '',
    sourceIp: address ?? '',
  });
  if (decision.kind === 'allowed') return undefined;
  // Of the accounts above it a key is told that they are there (C1).
  const visibleIds = [actor.accountId];
  const came = `It came from ${address ?? 'an unknown address'}.`;
  const refused = platformError(decision.code, `${refusalText(decision, visibleIds)} ${came}`);
  const level = levelText(decision.origin, visibleIds);
  return new ServiceError({ ...refused.fields, rule: decision.setting, level });
}
