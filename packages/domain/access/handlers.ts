import { cidrsContain, cidrText, parseCidr } from '@patchbay/kit/cidr';
import type { DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import { notYours } from '../tenancy/caller.ts';
import { operationOf } from '../tenancy/scopes.ts';
import { refusalOfClaim } from './authenticating.ts';
import { access } from './definition.ts';
import { inheritedLists, listsFromAbove, listsHere } from './listed.ts';
import type { AccessPorts, AllowListEntry, AllowLists, RefusedNetworks } from './ports.ts';
import { setterOf, speakersAt } from './speaking.ts';
import { chainOf, turnedServices } from './turned-services.ts';

type Access = typeof access;
type SetContext = DomainContext<Access, 'allowList', 'set'>;

export const handlers: DomainHandlers<Access, AccessPorts> = {
  allowList: {
    get: (context, _request, ports) => answerOf(context, ports),

    async set(context, { keys, credentials, from, force }, ports) {
      const { entity, error } = context;
      const setById = await setterOf(context, { operation: setting, named: from }, ports);
      refuseTwins('keys', keys);
      // What authenticates is the account's own, and stands in no list of those above.
      const isOwn = ({ authenticates }: AllowListEntry) => setById === undefined || authenticates;
      refuseTwins('credentials', credentials.filter(isOwn));
      refuseTwins(
        'credentials',
        credentials.filter((entry) => !isOwn(entry)),
      );
      if (!force) refuseLockingOut(context, keys);
      await refuseUnproved(context, credentials, ports);
      const lists = { keys: keys.map((entry) => ({ ...entry, authenticates: false })), credentials };
      const before = await ports.allowLists.replace({ accountId: entity.accountId, setById, ...lists });
      if (before === 'not_above') throw error('resource.unknown', notYours(setById ?? entity.accountId));
      if ('reason' in before) throw refusedNetworks(before, error);
      const target = `${entity.accountId}/allow-list`;
      const speaker = setById === undefined ? {} : { from: setById };
      context.audit({
        target: setById === undefined ? target : `${target}/above`,
        before: { ...speaker, ...written(before) },
        after: { ...speaker, ...written(lists) },
      });
      await context.emit('allow-list.changed', {
        keyCount: keys.length,
        credentialCount: credentials.length,
        authenticatingCount: authenticatingIn(credentials).length,
      });
      return await answerOf(context, ports);
    },
  },

  services: turnedServices,
};

async function answerOf(
  {
    entity,
    actor,
    visibleIds = [],
  }: Pick<DomainContext<Access, 'allowList', 'get'>, 'entity' | 'actor' | 'visibleIds'>,
  ports: AccessPorts,
) {
  const reader = { chain: entity.chain, visibleIds };
  const said = await ports.allowLists.list(entity);
  return {
    ...written(listsHere(said, undefined)),
    fromAbove: listsFromAbove(said, reader),
    inherited: inheritedLists(await chainOf(entity, ports), reader),
    speakerIds: [...(await speakersAt({ entity, actor }, setting, ports))],
  };
}

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
  const held = authenticatingIn(listsHere(await allowLists.list(entity), undefined).credentials);
  const atPlatform = await caller(entity.chain.slice(0, 1), actor);
  const isVouchedFor = atPlatform.visibleChain.length > 0 && atPlatform.may(setting);
  for (const network of wanted) {
    const { standingOf } = addresses;
    const refusal = refusalOfClaim({ network, standingOf, held, address, isVouchedFor });
    if (refusal !== undefined) throw error(refusal.code, `/credentials: ${refusal.detail}`);
  }
}

/** What it takes to speak here; and what whoever vouches for an address has to be allowed at the platform itself. */
const setting = operationOf(access, 'allowList', 'set');

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
    `/keys: this account’s own list would refuse the key that sets it: the request comes from ${address === '' ? 'an unknown address' : address}, which is in none of the networks.`,
  );
}
