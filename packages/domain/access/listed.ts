import { intersectCidrs } from '@patchbay/kit/cidr';
import type { PolicyChain } from '../policy/policy-level.ts';
import { ALLOW_LIST_LENGTH_MAX } from '../policy/settings.ts';
import type { AllowListEntry, AllowLists, SaidAllowLists } from './ports.ts';

/** Who asks about an account: what accounts that are not visible say is told as one word, so that nobody counts them (C1, PRD-2). */
interface Reader {
  /** From the platform's account down to the one asked about. */
  readonly chain: readonly string[];
  readonly visibleIds: readonly string[];
}

interface Networks {
  readonly keys: readonly string[];
  readonly credentials: readonly string[];
}

/**
 * What is set for the account itself by one speaker, the account or one above it. What authenticates stands with whatever that is:
 * it is the account's own, and set along with it (ACC-9).
 */
export function listsHere(said: readonly SaidAllowLists[], setById: string | undefined): AllowLists {
  const own = said.find((one) => one.setById === undefined) ?? { keys: [], credentials: [] };
  if (setById === undefined) return { keys: own.keys, credentials: own.credentials };
  const { keys, credentials } = said.find((one) => one.setById === setById) ?? { keys: [], credentials: [] };
  return {
    keys,
    credentials: [...credentials, ...own.credentials.filter(({ authenticates }) => authenticates)],
  };
}

/** What accounts above set for this one, the farthest first: each of the lists holds besides the account's own (POL-2). */
export function listsFromAbove(said: readonly SaidAllowLists[], { chain, visibleIds }: Reader) {
  const above = chain.slice(0, -1).flatMap((id) => {
    const lists = said.find(({ setById }) => setById === id);
    return lists === undefined
      ? []
      : [{ setById: id, keys: plain(lists.keys), credentials: plain(lists.credentials) }];
  });
  const isSeen = ({ setById }: { readonly setById: string }) => visibleIds.includes(setById);
  const unlabelled = (networks: readonly string[]) => networks.map((network) => ({ network, label: '' }));
  const hidden = asOne(above.filter((lists) => !isSeen(lists)).map(networksOf));
  return [
    ...hidden.map(({ keys, credentials }) => ({
      keys: unlabelled(keys),
      credentials: unlabelled(credentials),
    })),
    ...above.filter(isSeen),
  ];
}

const plain = (entries: readonly AllowListEntry[]) =>
  entries.map(({ network, label }) => ({ network, label }));

const networksOf = (lists: Record<keyof Networks, readonly { readonly network: string }[]>): Networks => ({
  keys: lists.keys.map(({ network }) => network),
  credentials: lists.credentials.map(({ network }) => network),
});

/** What holds at accounts above, from the top down, whoever set it there: of each account that the reader sees it is one list. */
export function inheritedLists(policies: PolicyChain, { chain, visibleIds }: Reader) {
  const accountId = chain.at(-1);
  const lists = policies.flatMap(
    ({ origin, values: { keyAllowList: keys = [], clientAllowList: credentials = [] } }) => {
      const isAbove = origin.level === 'access' && origin.accountId !== accountId;
      return isAbove && keys.length + credentials.length > 0
        ? [{ accountId: origin.accountId, keys, credentials }]
        : [];
    },
  );
  const seenAt = Map.groupBy(lists, (list) => (visibleIds.includes(list.accountId) ? list.accountId : ''));
  const hidden = asOne(seenAt.get('') ?? []);
  const ofSeen = chain.flatMap((id) =>
    id === '' ? [] : asOne(seenAt.get(id) ?? []).map((list) => ({ accountId: id, ...toNetworks(list) })),
  );
  return [...hidden.map(toNetworks), ...ofSeen];
}

const toNetworks = ({ keys, credentials }: Networks) => ({ keys: [...keys], credentials: [...credentials] });

/** Lists of which each holds besides the others, as the one that lets through what all of them do. */
function asOne(lists: readonly Networks[]): readonly Networks[] {
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
  const isUnsaid = (side: keyof Networks) =>
    one[side].length > ALLOW_LIST_LENGTH_MAX ||
    (one[side].length === 0 && lists.some((list) => list[side].length > 0));
  return isUnsaid('keys') || isUnsaid('credentials') ? lists : [one];
}

/** An empty list says nothing. */
const within = (above: readonly string[], below: readonly string[]): readonly string[] =>
  above.length === 0 ? below : below.length === 0 ? above : [...intersectCidrs([...above], [...below])];
