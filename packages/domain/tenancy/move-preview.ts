import { idField } from '@patchbay/kit/ids';
import { z } from 'zod';
import { limitActions, limitSpans } from '../spending/spending-limit.ts';

/** How many of each kind a preview names; of those behind, it gives the count. */
export const NAMED_COUNT_MAX = 100;

const accountId = idField('acc');
const named = z.object({ id: accountId, name: z.string() });

/** What one account asks of another; from the account up to the highest that the reader sees. */
const priceLevel = z.object({
  buyerId: accountId,
  buyerName: z.string(),
  /** Absent: an account above that the reader does not see. Its name is that of its brand then. */
  sellerId: accountId.optional(),
  sellerName: z.string(),
  /** Nano units of the currency for every `per` units of the meter. */
  amount: z.string(),
  per: z.string(),
  /** Whether more is asked, or less, by tiers, an allowance, a minimum or rounding: `prices.explain` has them in full. */
  hasTerms: z.boolean(),
  origin: z.enum(['child', 'default', 'inherited']),
});

/** The level that a value comes from; its account is left out where the reader does not see it. */
const levelled = z.object({
  value: z.json(),
  level: z.string(),
  accountId: accountId.optional(),
});

/** 'begins': it reaches the moved accounts from then on. 'ends': it does not any more. */
const change = z.enum(['begins', 'ends']);

/** What changes for the accounts that move, and for whom. What stays as it is is left out. */
export const moveEffects = z.object({
  /** The account itself and all below it. */
  accountCount: z.int(),
  /** They go on, and what they use from `startsAt` on is paid for along the new chain. */
  liveSessionCount: z.int(),
  prices: z.array(
    z.object({
      service: z.string(),
      meter: z.string(),
      unit: z.string(),
      where: z.record(z.string(), z.string()),
      currency: z.string(),
      /** Nothing: nobody asks anything for it. */
      before: z.array(priceLevel),
      after: z.array(priceLevel),
    }),
  ),
  /** Of the account itself: each setting of policies whose value, or whose level, is another. */
  policy: z.array(z.object({ setting: z.string(), before: levelled.optional(), after: levelled.optional() })),
  /** The same of the configuration of services. */
  configuration: z.array(
    z.object({
      service: z.string(),
      field: z.string(),
      before: levelled.optional(),
      after: levelled.optional(),
    }),
  ),
  /** The name that people of the account see over its pages, in its mails and at its hosts: that of the next brand above. */
  brand: z.object({ before: z.string(), after: z.string() }),
  /** Plans of an account that is not above any more: they are taken off. */
  plans: z.array(z.object({ accountId, planId: idField('pln'), name: z.string() })),
  /**
   * What `setById`, which is not above any more, set from above for an account that moves: words of policies, configuration, services
   * turned on or off, and for how long data are kept. It falls away.
   */
  words: z.array(z.object({ accountId, setById: accountId })),
  /**
   * Whether an account above the reader has said something that it would be out of reach of: then the reader may not move it,
   * and who is above may. Neither who said it is told, nor what.
   */
  heldAbove: z.boolean(),
  /** Accounts that only those who are not above any more keep from working: they are active from then on. */
  resumed: z.array(z.object({ accountId, name: z.string() })),
  /** Spending limits that accounts have set which are not above any more: they end. Amounts in nano units. */
  limits: z.array(
    z.object({
      accountId,
      per: z.enum(limitSpans),
      action: z.enum(limitActions),
      amount: z.string(),
      currency: z.string(),
    }),
  ),
  /** People whose role at `accountId` reaches the moved accounts, or does not any more. */
  people: z.array(
    z.object({
      userId: idField('usr'),
      name: z.string(),
      email: z.string(),
      accountId,
      role: z.string(),
      change,
    }),
  ),
  triggers: z.array(z.object({ id: idField('trg'), name: z.string(), accountId, change })),
  webhooks: z.array(z.object({ id: idField('whk'), url: z.string(), accountId, change })),
  /** All there are, of which at most 100 are named above. Of keys and what they minted only the count is told. */
  counts: z.object({
    people: z.int(),
    triggers: z.int(),
    webhooks: z.int(),
    keysBeginning: z.int(),
    keysEnding: z.int(),
  }),
});

export type MoveEffects = z.output<typeof moveEffects>;

/** What each part of a preview tells, and the operation that tells the same elsewhere. */
export const tellers = {
  prices: { owner: 'prices', operation: 'list' },
  policy: { owner: 'policy', operation: 'get' },
  plans: { owner: 'plans', operation: 'list' },
  limits: { owner: 'spending-limits', operation: 'get' },
  people: { owner: 'team', operation: 'list' },
  triggers: { owner: 'triggers', operation: 'list' },
  webhooks: { owner: 'webhooks', operation: 'list' },
} as const;

const partNames = [
  'prices',
  'policy',
  'configuration',
  'plans',
  'limits',
  'people',
  'triggers',
  'webhooks',
] as const;

interface Operation {
  readonly owner: string;
  readonly operation: string;
}

/**
 * What of the effects is told to somebody: whoever may move an account need not be one who may read the team, prices or
 * webhooks of those above it (ACC-3, C1). Counts stay.
 */
export function effectsTold(
  effects: MoveEffects,
  may: (operation: Operation) => boolean,
): MoveEffects & { readonly withheld: (typeof partNames)[number][] } {
  const configuration = effects.configuration.filter(({ service }) =>
    may({ owner: service, operation: 'getConfig' }),
  );
  const isWhole = configuration.length === effects.configuration.length;
  const withheld = partNames.filter((name) => !(name === 'configuration' ? isWhole : may(tellers[name])));
  const nothing: Partial<MoveEffects> = Object.fromEntries(
    withheld.filter((name) => name !== 'configuration').map((name) => [name, []]),
  );
  const words = withheld.includes('policy') ? [] : effects.words;
  return { ...effects, configuration, words, ...nothing, withheld };
}

export const movePreview = moveEffects.extend({
  /** What the reader may not read elsewhere is not named here either, or not all of it. */
  withheld: z.array(z.enum(partNames)),
  accountId,
  from: named,
  to: named,
  /** From when on usage is counted and paid along the new chain, if it moves now. Rights and policies follow at once. */
  startsAt: z.iso.datetime(),
});
