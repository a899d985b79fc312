import { effectiveConfig } from '@patchbay/domain/policy/effective-config';
import type { FieldMerge } from '@patchbay/kit/definition';
import { type ConfigOrigin, isSameOrigin, type ServiceConfigAnswer } from './config-answer.ts';

interface Without {
  readonly values: Readonly<Record<string, unknown>>;
  /** Whose word it would be; absent of what the levels above say. */
  readonly origins: Readonly<Record<string, ConfigOrigin | undefined>>;
}

/** What would hold without the word that is read: what others say at the place goes on, also those below its speaker (POL-2). */
export function withoutWord(
  {
    origin,
    inherited,
    fromAbove,
    own,
  }: Pick<ServiceConfigAnswer, 'origin' | 'inherited' | 'fromAbove' | 'own'>,
  merge: Readonly<Record<string, FieldMerge>>,
): Without {
  const { by, setById: _, ...place } = origin;
  const others = [
    ...fromAbove.filter((word) => !isSameOrigin(word.origin, origin)),
    ...(by === undefined ? [] : [{ origin: place, values: own }]),
  ];
  // What an answer tells of a level is less than the level: each is named by its number here.
  const levels = others.map(({ values }, number) => ({
    origin: { level: 'account', accountId: String(number) } as const,
    values,
  }));
  const { values, origins } = effectiveConfig(levels, { merge, defaults: inherited });
  const named = Object.entries(origins).map(([field, held]) => [
    field,
    held.level === 'account' ? others[Number(held.accountId)]?.origin : undefined,
  ]);
  return { values, origins: Object.fromEntries(named) };
}
