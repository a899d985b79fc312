import { cidrsContain, cidrText, intersectCidrs, parseCidr } from '@patchbay/kit/cidr';
import type { DomainContext, DomainHandlers, Entity } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import type { PolicyChain } from '../policy/policy-level.ts';
import { ALLOW_LIST_LENGTH_MAX } from '../policy/settings.ts';
import { refusalOfClaim } from './authenticating.ts';
import type { access } from './definition.ts';
import type { AccessPorts, AllowListEntry, AllowLists, RefusedNetworks } from './ports.ts';
import { chainOf, turnedServices } from './turned-services.ts';

type Access = typeof access;
type SetContext = DomainContext<Access, 'allowList', 'set'>;

export const handlers: DomainHandlers<Access, AccessPorts> = {
  allowList: {
    async get({ entity, visibleIds = [] }, _request, ports) {
      const lists = await ports.allowLists.find(entity);
      return toAnswer(lists, inheritedLists({ entity, visibleIds, chain: await chainOf(entity, ports) }));
    },

    async set(context, { keys, credentials, force }, ports) {
      const { entity, visibleIds = [] } = context;
      refuseTwins('keys', keys);
      refuseTwins('credentials', credentials);
      if (!force) refuseLockingOut(context, keys);
      await refuseUnproved(context, credentials, ports);
      const lists = { keys: keys.map((entry) => ({ ...entry, authenticates: false })), credentials };
      const before = await ports.allowLists.replace({ accountId: entity.accountId, ...lists });
      if ('reason' in before) throw refusedNetworks(before, context.error);
      context.audit({
        target: `${entity.accountId}/allow-list`,
        before: written(before),
        after: written(lists),
      });
      await context.emit('allow-list.changed', {
        keyCount: keys.length,
        credentialCount: credentials.length,
        authenticatingCount: authenticatingIn(credentials).length,
      });
      return toAnswer(lists, inheritedLists({ entity, visibleIds, chain: await chainOf(entity, ports) }));
    },
  },

  services: turnedServices,
};

interface Seen {
  readonly entity: Entity;
  readonly visibleIds: readonly string[];
  readonly chain: PolicyChain;
}

interface InheritedLists {
  readonly accountId?: string;
  readonly keys: string[];
  readonly credentials: string[];
}

/**
 * What is above holds for the account, which account there says so is told to whoever sees it (C1). What those say who are not
 * seen is one list, so that nobody counts them (PRD-2).
 */
function inheritedLists({ entity, visibleIds, chain }: Seen): InheritedLists[] {
  const lists = chain.flatMap(
    ({ origin, values: { keyAllowList: keys = [], clientAllowList: credentials = [] } }) => {
      const isAbove = origin.level === 'access' && origin.accountId !== entity.accountId;
      if (!isAbove || keys.length + credentials.length === 0) return [];
      return [{ accountId: origin.accountId, keys: [...keys], credentials: [...credentials] }];
    },
  );
  const isSeen = ({ accountId }: { readonly accountId: string }) => visibleIds.includes(accountId);
  const hidden = lists
    .filter((list) => !isSeen(list))
    .map(({ keys, credentials }) => ({ keys, credentials }));
  return [...asOne(hidden), ...lists.filter(isSeen)];
}

/** Lists of which each holds besides the others, as the one that lets through what all of them do. */
function asOne(lists: readonly InheritedLists[]): readonly InheritedLists[] {
  const [first, ...rest] = lists;
  if (first === undefined) return [];
  const one = rest.reduce(
    (all, list) => ({
      keys: within(all.keys, list.keys),
      credentials: within(all.credentials, list.credentials),
    }),
    first,
  );
  // Where they let nothing through at all, no list says so: an empty one lets everything through.
  const isUnsaid = (side: 'keys' | 'credentials') =>
    one[side].length > ALLOW_LIST_LENGTH_MAX ||
    (one[side].length === 0 && lists.some((list) => list[side].length > 0));
  return isUnsaid('keys') || isUnsaid('credentials') ? lists : [one];
}

/** An empty list says nothing. */
const within = (above: string[], below: string[]): string[] =>
  above.length === 0 ? below : below.length === 0 ? above : [...intersectCidrs(above, below)];

const toAnswer = (lists: AllowLists, inherited: ReturnType<typeof inheritedLists>) => ({
  ...written(lists),
  inherited,
});

/** As it is set and shown: a key is always shown itself. */
const written = ({ keys, credentials }: AllowLists) => ({
  keys: keys.map(({ network, label }) => ({ network, label })),
  credentials: [...credentials],
});

const authenticatingIn = (entries: readonly AllowListEntry[]): readonly string[] =>
  entries.filter(({ authenticates }) => authenticates).map(({ network }) => network);

/** Whoever would count as the account without a credential has to be the account's (ACC-9). */
async function refuseUnproved(
  { entity, actor, address = '', error }: SetContext,
  credentials: readonly AllowListEntry[],
  { allowLists, addresses, caller }: AccessPorts,
): Promise<void> {
  const wanted = authenticatingIn(credentials);
  if (wanted.length === 0) return;
  const held = authenticatingIn((await allowLists.find(entity)).credentials);
  const atPlatform = await caller(entity.chain.slice(0, 1), actor);
  const isVouchedFor = atPlatform.visibleChain.length > 0 && atPlatform.may(setting);
  for (const network of wanted) {
    const { standingOf } = addresses;
    const refusal = refusalOfClaim({ network, standingOf, held, address, isVouchedFor });
    if (refusal !== undefined) throw error(refusal.code, `/credentials: ${refusal.detail}`);
  }
}

/** What whoever vouches for an address has to be allowed at the platform itself. */
const setting = { owner: 'allowList', operation: 'set', access: 'administer', isRead: false } as const;

const refusedNetworks = (refused: RefusedNetworks, error: SetContext['error']) =>
  refused.reason === 'taken'
    ? error('access.address_taken', `/credentials: ${refused.network} is in a network of another account.`)
    : error('access.too_many_addresses', '/credentials: there is no room for all of them.');

/** One network written in two ways is one, and has one label. */
function refuseTwins(purpose: keyof AllowLists, entries: readonly Pick<AllowListEntry, 'network'>[]): void {
  const seen = new Set<string>();
  for (const [index, { network }] of entries.entries()) {
    const cidr = parseCidr(network);
    const text = cidr === undefined ? network : cidrText(cidr);
    if (seen.has(text))
      throw platformError(
        'request.invalid',
        `/${purpose}/${index}/network: ${network} stands there already.`,
      );
    seen.add(text);
  }
}

/** Lists bind the keys of the account and of those below it: a key of an account above is not locked out by this one. */
function refuseLockingOut(
  { actor, entity, address = '', error }: SetContext,
  keys: readonly Pick<AllowListEntry, 'network'>[],
): void {
  if (actor.kind !== 'key' || actor.accountId !== entity.accountId || keys.length === 0) return;
  const networks = keys.map(({ network }) => network);
  if (cidrsContain(networks, address)) return;
  throw error(
    'access.locks_out',
    `/keys: this request comes from ${address === '' ? 'an unknown address' : address}, which is in none of the networks.`,
  );
}
