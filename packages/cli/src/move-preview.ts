import type { connect } from './connection.ts';
import { moneyText } from './money-text.ts';
import type { Row } from './output.ts';

export type MovePreview = Awaited<ReturnType<ReturnType<typeof connect>['accounts']['previewMove']>>;

/** What a move changes, one line each: as it is, and as it would be. */
export function previewRows({ from, to, startsAt, ...effects }: MovePreview): readonly Row[] {
  const {
    accountCount,
    liveSessionCount,
    prices,
    policy,
    configuration,
    brand,
    plans,
    words,
    heldAbove,
    resumed,
    limits,
    people,
    triggers,
    webhooks,
    counts,
    withheld,
  } = effects;
  const row = (what: string, before: unknown, after: unknown): Row => ({
    what,
    before: textOf(before),
    after: textOf(after),
  });
  const begun = <Item extends { readonly change: 'begins' | 'ends' }>(
    what: string,
    items: readonly Item[],
    nameOf: (item: Item) => string,
  ) =>
    items.map((item) =>
      item.change === 'ends' ? row(what, nameOf(item), undefined) : row(what, undefined, nameOf(item)),
    );
  return [
    ...(heldAbove
      ? [row('not yours to move: an account above yours has said something here', undefined, undefined)]
      : []),
    row('below', `${from.name} ${from.id}`, `${to.name} ${to.id}`),
    row('usage counts and is paid', `until ${startsAt}`, `from ${startsAt}`),
    row('accounts that move', accountCount, accountCount),
    row('live sessions that go on', liveSessionCount, liveSessionCount),
    row('keys of levels above that reach it', counts.keysEnding, counts.keysBeginning),
    ...prices.map(({ service, meter, before, after, currency }) =>
      row(`price of ${service}.${meter}`, levelsText(before, currency), levelsText(after, currency)),
    ),
    ...policy.map(({ setting, before, after }) =>
      row(`policy ${setting}`, heldText(before), heldText(after)),
    ),
    ...configuration.map(({ service, field, before, after }) =>
      row(`${service} ${field}`, heldText(before), heldText(after)),
    ),
    row('brand that its people see', brand.before, brand.after),
    ...plans.map(({ accountId, name }) => row(`plan of ${accountId}`, name, undefined)),
    ...words.map(({ accountId, setById }) =>
      row(`settings of ${accountId}`, `as set by ${setById}`, undefined),
    ),
    ...resumed.map(({ accountId, name }) => row(`state of ${name} ${accountId}`, 'suspended', 'active')),
    ...limits.map(({ accountId, per, action, amount, currency }) =>
      row(
        `spending limit of ${accountId}`,
        `${moneyText(amount, currency)} per ${per}, ${action}`,
        undefined,
      ),
    ),
    ...begun('person', people, ({ name, email, role }) => `${name} <${email}> ${role}`),
    ...begun('trigger', triggers, ({ name, id }) => `${name} ${id}`),
    ...begun('webhook', webhooks, ({ url, id }) => `${url} ${id}`),
    ...withheld.map((part) => row(`${part}: not yours to read`, undefined, undefined)),
  ];
}

const textOf = (value: unknown): string => {
  if (value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

const levelsText = (levels: MovePreview['prices'][number]['before'], currency: string): string =>
  levels.length === 0
    ? 'free'
    : levels
        .map(
          ({ buyerName, sellerName, amount, per, hasTerms }) =>
            `${buyerName} → ${sellerName} ${moneyText(amount, currency)} per ${per}${hasTerms ? ', with terms' : ''}`,
        )
        .join(', ');

const heldText = (held: MovePreview['policy'][number]['before']): string | undefined =>
  held && `${textOf(held.value)} (${[held.level, held.accountId].filter(Boolean).join(' ')})`;
