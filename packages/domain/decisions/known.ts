import { z } from 'zod';

const accountState = z.enum(['active', 'suspended', 'closed']);

/** What was known when something was decided (PRD-8). What a kind of decision does not ask for stands there empty. */
export const knownSchema = z.object({
  /** From the platform down. Of an account above those that the caller may see, only its state is told (C1). */
  chain: z.array(z.object({ accountId: z.string().optional(), state: accountState })),
  /** What the key could be used for. */
  scopes: z.array(z.string()),
  limits: z.array(
    z.object({
      /** A stable name, as `requests` or `limit.credential_bytes`. */
      name: z.string(),
      max: z.number(),
      /** Of it, what had been used. */
      used: z.number().optional(),
    }),
  ),
  /** Settings that held, as `service.field`, and the level whose word each was. */
  policy: z.array(z.object({ rule: z.string(), value: z.json(), level: z.string() })),
  /** What a credential says of itself, each level of it. */
  caveats: z.array(z.object({ name: z.string(), value: z.json() })),
});

export type Known = z.output<typeof knownSchema>;

export const nothingKnown: Known = { chain: [], scopes: [], limits: [], policy: [], caveats: [] };

const accountIds = /(Account )?(acc_[0-9a-z]{29})/g;

/**
 * What was known, as far as somebody may see who sees the accounts of `visibleIds`: all that is above these is one state without
 * a name, so that nobody counts them, and is named in no text either (C1, PRD-2). What the caller named themselves is in no chain, and stays.
 */
export function knownTo(visibleIds: readonly string[], known: Known) {
  const seen = new Set(visibleIds);
  const top = known.chain.findIndex(({ accountId }) => accountId !== undefined && seen.has(accountId));
  // Nothing of the chain is in sight: the tree has changed since, and only its end is the caller's for sure.
  const firstVisible = top < 0 ? known.chain.length - 1 : top;
  const above = known.chain.slice(0, Math.max(0, firstVisible));
  const hidden = new Set(above.map(({ accountId }) => accountId));
  // The topmost that is not active: it is what all below it follow.
  const state = above.find((level) => level.state !== 'active')?.state ?? 'active';
  const withoutNames = (text: string) =>
    text.replace(accountIds, (named, word: string | undefined, id: string) => {
      if (!hidden.has(id)) return named;
      return word === undefined ? 'an account above' : 'An account above';
    });
  return {
    withoutNames,
    known: {
      ...known,
      chain: [...(above.length === 0 ? [] : [{ state }]), ...known.chain.slice(above.length)],
      policy: known.policy.map((setting) => ({ ...setting, level: withoutNames(setting.level) })),
    } satisfies Known,
  };
}
