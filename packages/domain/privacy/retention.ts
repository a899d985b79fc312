import { z } from 'zod';
import { dataClassOf, keptDaysOf, type RetainedClassName, retainedClassNames } from './data-classes.ts';

/** What one level says of one class. */
export interface RetentionWish {
  /** For how long it is kept here, and below where nobody says otherwise. From above it is the most besides, unless that is said. */
  readonly keepDays?: number | undefined;
  /** Nobody here and below may keep it for less. */
  readonly keepDaysMin?: number | undefined;
  /** Nobody here and below may keep it for longer. */
  readonly keepDaysMax?: number | undefined;
}

/** What one level says: of what it does not name, it says nothing. */
export type RetentionWord = { readonly [Name in RetainedClassName]?: RetentionWish | undefined };

/** A level of the chain that says something, from the platform down. */
export interface RetentionLevel {
  readonly accountId: string;
  /** The account above whose word it is: each of them has one of its own. Absent: the account's own. */
  readonly setById?: string | undefined;
  readonly word: RetentionWord;
}

/** What holds where no level says anything: an operator's settings may differ from the table's. */
export type RetentionDefaults = { readonly [Name in RetainedClassName]?: number | undefined };

/** Absent `accountId`: the default of the class. */
export interface RetentionOrigin {
  readonly accountId?: string | undefined;
  readonly setById?: string | undefined;
}

interface HeldDays extends RetentionOrigin {
  readonly days: number;
}

export interface EffectiveRetention {
  readonly held: HeldDays;
  readonly min: HeldDays;
  readonly max: HeldDays;
  /** What each level wanted, from the top down. */
  readonly wanted: readonly (RetentionOrigin & RetentionWish)[];
}

const daysSchema = (name: RetainedClassName) => {
  const { minDays, maxDays } = keptDaysOf(name);
  return z.int().min(minDays).max(maxDays).optional();
};

const wishSchema = (name: RetainedClassName) =>
  z
    .strictObject({
      keepDays: daysSchema(name),
      keepDaysMin: daysSchema(name),
      keepDaysMax: daysSchema(name),
    })
    .describe(dataClassOf(name).title);

type WishSchema = ReturnType<typeof wishSchema>;

// Each field is the schema of its own class: the table says so, an indexed access cannot.
export const retentionWordShape = Object.fromEntries(
  retainedClassNames.map((name) => [name, wishSchema(name).optional()]),
) as { readonly [Name in RetainedClassName]: z.ZodOptional<WishSchema> };

/**
 * For how long a class is kept at the end of a chain (PRD-4). Bounds only narrow on the way down, and of two that exclude
 * each other the one above has its way; within them the nearest level that says something has its own. The days that an account above
 * sets for another are the most there: that one may keep for less, where no least is set, and never for longer.
 */
export function effectiveRetention(
  name: RetainedClassName,
  levels: readonly RetentionLevel[],
  defaults: RetentionDefaults = {},
): EffectiveRetention {
  const { defaultDays, minDays, maxDays } = keptDaysOf(name);
  let held: HeldDays = { days: defaults[name] ?? defaultDays };
  let min: HeldDays = { days: minDays };
  let max: HeldDays = { days: maxDays };
  const wanted: (RetentionOrigin & RetentionWish)[] = [];
  for (const { word, ...origin } of levels) {
    const wish = word[name];
    if (wish === undefined) continue;
    wanted.push({ ...origin, ...wish });
    const within = (days: number) => Math.min(Math.max(days, min.days), max.days);
    const { keepDays, keepDaysMin } = wish;
    const keepDaysMax = wish.keepDaysMax ?? (origin.setById === undefined ? undefined : keepDays);
    if (keepDaysMin !== undefined && within(keepDaysMin) > min.days)
      min = { days: within(keepDaysMin), ...origin };
    if (keepDaysMax !== undefined && within(keepDaysMax) < max.days)
      max = { days: within(keepDaysMax), ...origin };
    if (keepDays !== undefined) held = { days: keepDays, ...origin };
    // Whoever bounds what holds until here is the one whose word it is now.
    if (held.days < min.days) held = min;
    if (held.days > max.days) held = max;
  }
  return { held, min, max, wanted };
}

/** Why a level cannot say this: it would be read as if it held. */
export type WishRefusal =
  | { readonly kind: 'below' | 'above'; readonly name: RetainedClassName; readonly bound: HeldDays }
  | { readonly kind: 'crossed' | 'operators'; readonly name: RetainedClassName };

/**
 * The levels of a chain with one of them said anew, in the order in which they hold: of each account first what those above it say, the
 * farthest before all, and then what it says itself.
 */
export function withSaid(
  chain: readonly string[],
  levels: readonly RetentionLevel[],
  said: RetentionLevel,
): readonly RetentionLevel[] {
  const placeOf = ({ accountId, setById }: RetentionLevel) => [
    chain.indexOf(accountId),
    setById === undefined ? chain.length : chain.indexOf(setById),
  ];
  const others = levels.filter((one) => !isSameLevel(one, said));
  return [...others, said].toSorted((one, other) => {
    const [account = 0, speaker = 0] = placeOf(one);
    const [otherAccount = 0, otherSpeaker = 0] = placeOf(other);
    return account - otherAccount || speaker - otherSpeaker;
  });
}

/**
 * Of levels in that order those that bound what one of them may say: those before it, but for what accounts below its speaker say,
 * which it outlasts. By a narrow word of its own an account would keep those above from speaking, and widen it later.
 */
export function boundsOf(
  chain: readonly string[],
  levels: readonly RetentionLevel[],
  said: RetentionLevel,
): readonly RetentionLevel[] {
  const depthOf = ({ accountId, setById }: RetentionLevel) => chain.indexOf(setById ?? accountId);
  return levels
    .slice(
      0,
      levels.findIndex((one) => isSameLevel(one, said)),
    )
    .filter((one) => depthOf(one) <= depthOf(said));
}

export const isSameLevel = (
  one: Pick<RetentionLevel, 'accountId' | 'setById'>,
  other: Pick<RetentionLevel, 'accountId' | 'setById'>,
): boolean => one.accountId === other.accountId && one.setById === other.setById;

/** @param above the levels that bound the one that speaks. @param isOperator whether it is the platform's own. */
export function wordRefusal(
  word: RetentionWord,
  above: readonly RetentionLevel[],
  isOperator: boolean,
): WishRefusal | undefined {
  for (const name of retainedClassNames) {
    const wish = word[name];
    if (wish === undefined) continue;
    if (keptDaysOf(name).changedBy === 'operator' && !isOperator) return { kind: 'operators', name };
    const { min, max } = effectiveRetention(name, above);
    const said = [wish.keepDays, wish.keepDaysMin, wish.keepDaysMax].filter((days) => days !== undefined);
    if (said.some((days) => days < min.days)) return { kind: 'below', name, bound: min };
    if (said.some((days) => days > max.days)) return { kind: 'above', name, bound: max };
    const { keepDays, keepDaysMin = min.days, keepDaysMax = max.days } = wish;
    const isCrossed = keepDaysMin > keepDaysMax;
    if (isCrossed || (keepDays !== undefined && (keepDays < keepDaysMin || keepDays > keepDaysMax)))
      return { kind: 'crossed', name };
  }
  return undefined;
}

/** Without what says nothing, so that an empty wish and none are the same. */
export function withoutSilence(word: RetentionWord): RetentionWord {
  const said = Object.entries(word).flatMap(([name, wish]) => {
    const days = Object.entries(wish ?? {}).filter(([, value]) => value !== undefined);
    return days.length === 0 ? [] : [[name, Object.fromEntries(days)]];
  });
  return Object.fromEntries(said) as RetentionWord;
}

/**
 * What several levels of a chain say of a class, as one wish: what they come to together, so that days and bounds never contradict
 * each other. Undefined: none of them says anything.
 */
export function asOneWish(
  name: RetainedClassName,
  levels: readonly RetentionLevel[],
): RetentionWish | undefined {
  const { held, min, max, wanted } = effectiveRetention(name, levels);
  if (wanted.length === 0) return undefined;
  const isLeast = wanted.some(({ keepDaysMin }) => keepDaysMin !== undefined);
  const isDays = wanted.some(({ keepDays }) => keepDays !== undefined);
  // Days from above are the most besides.
  const isMost = wanted.some(
    ({ setById, keepDays, keepDaysMax }) =>
      keepDaysMax !== undefined || (setById !== undefined && keepDays !== undefined),
  );
  return {
    ...(isDays ? { keepDays: held.days } : {}),
    ...(isLeast ? { keepDaysMin: min.days } : {}),
    ...(isMost ? { keepDaysMax: max.days } : {}),
  };
}

/** The same of all classes. */
export const asOneWord = (levels: readonly RetentionLevel[]): RetentionWord =>
  withoutSilence(Object.fromEntries(retainedClassNames.map((name) => [name, asOneWish(name, levels)])));
