import type { AuditRecord } from './ports.ts';

/** What stands for somebody of an account that the reader does not see. */
export const ABOVE = { actorId: 'above', actorName: 'an account above' } as const;

/**
 * An entry as somebody reads it who sees the accounts of `visibleIds`: whoever changed something from above these has no
 * name, no address and no key, and no account above is named in what was there before and after (C1, PRD-2).
 */
export function told(record: AuditRecord, visibleIds: readonly string[]): AuditRecord {
  const { accountPath, accountId, actorAccountId, isActorKnown } = record;
  const top = accountPath.findIndex((id) => visibleIds.includes(id));
  const hidden = accountPath.slice(0, top < 0 ? Math.max(0, accountPath.indexOf(accountId)) : top);
  if (hidden.length === 0) return record;
  // Entries of before this was written down name those who are of the account or below it now.
  const isAbove = actorAccountId === null ? !isActorKnown : hidden.includes(actorAccountId);
  const withoutNames = (value: unknown): unknown =>
    value === undefined || value === null
      ? value
      : withoutDepth(
          JSON.parse(
            hidden.reduce((text, id) => text.replaceAll(id, ABOVE.actorName), JSON.stringify(value)),
          ),
        );
  return {
    ...record,
    ...(isAbove ? { ...ABOVE, address: null, key: null } : {}),
    target: hidden.includes(record.target) ? ABOVE.actorName : record.target,
    before: withoutNames(record.before),
    after: withoutNames(record.after),
  };
}

/** Entries of before said at which depth an account stands, which tells how many are above. */
function withoutDepth(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => field !== 'depth'));
}
