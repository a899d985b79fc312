import type { Outputs } from '../../trpc/client.ts';

export type AuditEntry = Outputs['audit']['list']['items'][number];

export interface Change {
  /** Path in the object, with dots. Empty where the whole was changed. */
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

const DEPTH_MAX = 3;

/** What differs between before and after, field by field; what stayed the same is left out. */
export const changesOf = ({ before, after }: Pick<AuditEntry, 'before' | 'after'>): readonly Change[] =>
  compare('', before, after);

/** How near to its entry a time is said twice: the entry has it already. */
const SAME_MOMENT_MS = 5_000;

/** The changes but for what the line of the entry says itself: its target, its account, its time. */
export function tellingChanges(entry: AuditEntry): readonly Change[] {
  const all = changesOf(entry);
  const telling = all.filter(({ before, after = '' }) => {
    if (before !== undefined) return true;
    if (after === entry.target || after === entry.accountId) return false;
    const isTime = /^\d{4}-.*Z$/.test(after);
    return !(isTime && Math.abs(Date.parse(after) - Date.parse(entry.at)) < SAME_MOMENT_MS);
  });
  return telling.length === 0 ? all : telling;
}

function compare(field: string, before: unknown, after: unknown): readonly Change[] {
  const depth = field === '' ? 0 : field.split('.').length;
  if (depth < DEPTH_MAX && isRecordOrAbsent(before) && isRecordOrAbsent(after)) {
    const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
    return [...names].flatMap((name) =>
      compare(field === '' ? name : `${field}.${name}`, before?.[name], after?.[name]),
    );
  }
  const [left, right] = [textOf(before), textOf(after)];
  return left === right ? [] : [{ field, before: left, after: right }];
}

/** A list of objects is compared by place; a list of texts is shown whole. */
const isRecordOrAbsent = (value: unknown): value is Readonly<Record<string, unknown>> | undefined =>
  value === undefined ||
  (typeof value === 'object' &&
    value !== null &&
    (!Array.isArray(value) || value.every((item) => typeof item === 'object' && item !== null)));

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
