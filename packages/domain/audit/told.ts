import type { AuditRecord } from './ports.ts';

/** What stands for somebody of an account that the reader does not see. */
export const ABOVE = { actorId: 'above', actorName: 'an account above' } as const;

/** What an entry says of a plan that was given or taken, beside whose it is: of one of an account above, nothing (PRD-2). */
export const WORDS_OF_PLAN = ['planId', 'name'] as const;

/** What leads from an entry to the trigger that did it. */
export const WORD_OF_FIRING = 'firingId';

/** Whether an entry is about the plans of an account: its target says so. */
export const TARGET_OF_PLAN = '/plan';

/**
 * An entry as somebody reads it who sees the accounts of `visibleIds`: whoever changed something from above these has no
 * name, no address and no key, and no account above, no plan and no firing of one is named in what was there before and
 * after (C1, PRD-2).
 */
export function told(record: AuditRecord, visibleIds: readonly string[]): AuditRecord {
  const { accountPath, accountId, actorAccountId, isActorKnown } = record;
  const top = accountPath.findIndex((id) => visibleIds.includes(id));
  const hidden = accountPath.slice(0, top < 0 ? Math.max(0, accountPath.indexOf(accountId)) : top);
  if (hidden.length === 0) return record;
  // Entries of before this was written down name those who are of the account or below it now.
  const isAbove = actorAccountId === null ? !isActorKnown : hidden.includes(actorAccountId);
  // Entries of before a plan's owner was written down do not say whether it is seen.
  const isPlanHidden = (value: object): boolean =>
    record.target.endsWith(TARGET_OF_PLAN) && (!('ownerId' in value) || value.ownerId === ABOVE.actorName);
  const withoutNames = (value: unknown): unknown => {
    if (value === undefined || value === null) return value;
    const said: unknown = JSON.parse(
      hidden.reduce((text, id) => text.replaceAll(id, ABOVE.actorName), JSON.stringify(value)),
    );
    if (typeof said !== 'object' || said === null || Array.isArray(said)) return said;
    return without(liftedAsOne(said), [
      DEPTH,
      ...(isPlanHidden(said) ? WORDS_OF_PLAN : []),
      ...(isAbove ? [WORD_OF_FIRING] : []),
    ]);
  };
  return {
    ...record,
    ...(isAbove ? { ...ABOVE, address: null, key: null } : {}),
    target: hidden.includes(record.target) ? ABOVE.actorName : record.target,
    before: withoutNames(record.before),
    after: withoutNames(record.after),
  };
}

/** Words of others that a change took back, each with whose it was in `from`. */
export const WORDS_LIFTED = 'lifted';

/** Of words of those that the reader does not see it is told that there were any, so that nobody counts them (PRD-2). */
function liftedAsOne(said: object): object {
  const words: unknown = WORDS_LIFTED in said ? said[WORDS_LIFTED] : undefined;
  if (!Array.isArray(words)) return said;
  const texts = words.map((word: object) => JSON.stringify(isUnseen(word) ? withoutVolume(word) : word));
  return { ...said, [WORDS_LIFTED]: [...new Set(texts)].map((text): unknown => JSON.parse(text)) };
}

const isUnseen = (word: object): boolean => 'from' in word && word.from === ABOVE.actorName;

/** What else each of them said would tell them apart. */
const withoutVolume = (word: object): object =>
  Object.fromEntries(Object.entries(word).filter(([field]) => field === 'from' || field === 'state'));

/** Entries of before said at which depth an account stands, which tells how many are above. */
const DEPTH = 'depth';

const without = (value: object, fields: readonly string[]): object =>
  Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field)));
