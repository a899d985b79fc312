import { isWithin, narrower } from './merge.ts';
import {
  isBoundBy,
  type PolicyChain,
  type PolicyLevel,
  type PolicyOrigin,
  type PolicyWord,
} from './policy-level.ts';
import {
  type ListSettingName,
  type NumberSettingName,
  type SettingName,
  settingNames,
  settingOf,
  type TimesSettingName,
} from './settings.ts';
import type { WeeklyTimes } from './weekly-times.ts';

/** What holds of a setting: a number, a list, or the times of several levels, all of which have to be open. */
type Value<Name extends SettingName> = Name extends NumberSettingName
  ? number
  : Name extends TimesSettingName
    ? readonly WeeklyTimes[]
    : readonly string[];
export type AnyValue = Value<NumberSettingName> | Value<ListSettingName> | Value<TimesSettingName>;

/** What became of the word of a level. */
export type Verdict =
  /** It is, or was until a level below said more, what holds. */
  | 'held'
  /** It allows all that held above it, and so changed nothing. */
  | 'wider'
  /** A level above has locked the setting. */
  | 'locked';

/** What one level wanted of a setting. */
export interface Wanted {
  readonly origin: PolicyOrigin;
  readonly value: AnyValue;
  readonly verdict: Verdict;
  /** How far a level below may widen it again. */
  readonly overridable?: AnyValue | undefined;
  readonly isLocking: boolean;
}

/** What holds from a level on, until the next of these. */
export interface Step<V = AnyValue> {
  readonly origin: PolicyOrigin;
  readonly value: V;
}

export interface EffectiveSetting<V = AnyValue> {
  readonly value: V;
  /** The level whose word it is; where several together made a list, the last that took something from it. */
  readonly origin: PolicyOrigin;
  readonly steps: readonly Step<V>[];
  readonly wanted: readonly Wanted[];
  readonly lockedBy?: PolicyOrigin | undefined;
  /** The most that a level below could have. */
  readonly ceiling: V;
}

/** A setting of which no level says anything restricts nothing, and is not in here. */
export type EffectivePolicy = { readonly [Name in SettingName]?: EffectiveSetting<Value<Name>> | undefined };

/** The chains of snapshots live as long as these, and are decided by again and again. */
const known = new WeakMap<PolicyChain, EffectivePolicy>();

/** What holds at the end of a chain (POL-2). The only place that folds levels with their locks and bounds. */
export function effectivePolicy(chain: PolicyChain): EffectivePolicy {
  const before = known.get(chain);
  if (before !== undefined) return before;
  // Of most settings nobody says anything.
  const said = new Set(chain.flatMap(({ values }) => Object.keys(values)));
  const entries = settingNames
    .filter((name) => said.has(name))
    .map((name) => [name, effectiveSetting(name, chain)] as const);
  const policy = Object.fromEntries(
    entries.filter(([, setting]) => setting !== undefined),
  ) as EffectivePolicy;
  known.set(chain, policy);
  return policy;
}

interface Fold {
  value: AnyValue | undefined;
  ceiling: AnyValue | undefined;
  /** Of several locks that of the highest account. */
  lock: PolicyLevel | undefined;
  readonly steps: Step[];
  readonly wanted: Wanted[];
}

function effectiveSetting(name: SettingName, chain: PolicyChain): EffectiveSetting | undefined {
  const fold: Fold = { value: undefined, ceiling: undefined, lock: undefined, steps: [], wanted: [] };
  for (const level of chain) hear(fold, name, level);
  const { value, ceiling, lock, steps, wanted } = fold;
  const last = steps.at(-1);
  if (value === undefined || ceiling === undefined || last === undefined) return undefined;
  return { value, ceiling, origin: last.origin, steps, wanted, lockedBy: lock?.origin };
}

/** Takes the word of the next level down. */
function hear(fold: Fold, name: SettingName, level: PolicyLevel): void {
  const { origin, locked } = level;
  const word = wordOf(level.values, name, level);
  const bound = wordOf(level.overridable, name, level);
  const isLocking = locked.includes(name);
  if (fold.lock !== undefined && isBoundBy(level, fold.lock)) {
    if (word !== undefined)
      fold.wanted.push({ origin, value: word, verdict: 'locked', isLocking, overridable: bound });
    return;
  }
  if (word !== undefined) {
    const { merge } = settingOf(name);
    const { value: before, ceiling } = fold;
    const after = (ceiling === undefined ? word : narrower(ceiling, word, merge)) as AnyValue;
    const isChange = before === undefined || !isSame(before, after);
    if (isChange) fold.steps.push({ origin, value: after });
    fold.wanted.push({
      origin,
      value: word,
      verdict: isChange ? 'held' : 'wider',
      isLocking,
      overridable: bound,
    });
    fold.value = isChange ? after : before;
    fold.ceiling = ceilingBelow(merge, { ceiling, bound, value: after });
  }
  if (isLocking) fold.lock = level;
}

/** A level passes on no more than it could have had itself, and no less than what it says. */
function ceilingBelow(
  merge: ReturnType<typeof settingOf>['merge'],
  { ceiling, bound, value }: { ceiling: AnyValue | undefined; bound: AnyValue | undefined; value: AnyValue },
): AnyValue {
  if (bound === undefined) return value;
  const most = (ceiling === undefined ? bound : narrower(ceiling, bound, merge)) as AnyValue;
  return isWithin(value, most, merge) ? most : value;
}

/** Times are those of a zone: from here on each list of them carries its own. */
function wordOf(
  values: PolicyWord['values'] | PolicyWord['overridable'],
  name: SettingName,
  { timeZone }: PolicyLevel,
): AnyValue | undefined {
  const said = (values as PolicyWord['values'])[name];
  if (settingOf(name).merge !== 'everyTime' || said === undefined) return said;
  return [{ timeZone, windows: said as readonly string[] }];
}

function isSame(one: AnyValue, other: AnyValue): boolean {
  if (typeof one === 'number' || typeof other === 'number') return one === other;
  const [left, right]: readonly (readonly unknown[])[] = [one, other];
  return (left ?? []).length === (right ?? []).length && (left ?? []).every((item) => right?.includes(item));
}

/** Why a level may not say something. */
export interface WordRefusal {
  readonly setting: SettingName;
  readonly reason: 'locked' | 'wider' | 'bound_without_value' | 'bound_narrower';
  /** The level that holds it to this. */
  readonly origin: PolicyOrigin;
  /** The most that it could say, where there is such a bound. */
  readonly ceiling?: AnyValue | undefined;
}

/**
 * The levels that bound what the last of a chain may say: those above it, but for what accounts below its speaker say, which it
 * outlasts. By a narrow word of its own an account would keep those above from speaking, and widen it later.
 */
export function boundsOf(chain: PolicyChain): PolicyChain {
  const last = chain.at(-1);
  return last === undefined ? [] : chain.slice(0, -1).filter((level) => isBoundBy(last, level));
}

/** What of the last level's word the levels above do not let it say: to store it would read as if it held (POL-2). */
export function wordRefusal(chain: PolicyChain): WordRefusal | undefined {
  const level = chain.at(-1);
  if (level === undefined) return undefined;
  const bounds = boundsOf(chain);
  const above = effectivePolicy(bounds);
  for (const setting of settingNames) {
    const word = wordOf(level.values, setting, level);
    const bound = wordOf(level.overridable, setting, level);
    const held = above[setting] as EffectiveSetting | undefined;
    const lockedBy = lockOn(bounds, setting);
    const isSaying = word !== undefined || bound !== undefined || level.locked.includes(setting);
    if (isSaying && lockedBy !== undefined) return { setting, reason: 'locked', origin: lockedBy };
    const { merge } = settingOf(setting);
    if (bound !== undefined && word === undefined)
      return { setting, reason: 'bound_without_value', origin: level.origin };
    if (bound !== undefined && !isWithin(word, bound, merge))
      return { setting, reason: 'bound_narrower', origin: level.origin };
    if (held === undefined) continue;
    const isTooWide = [word, bound].some(
      (said) => said !== undefined && !isWithin(said, held.ceiling, merge),
    );
    if (isTooWide) return { setting, reason: 'wider', origin: held.origin, ceiling: held.ceiling };
  }
  return undefined;
}

/** What keeps a level from saying anything of a setting, also where nobody gave it a value. */
const lockOn = (bounds: PolicyChain, setting: SettingName): PolicyOrigin | undefined =>
  bounds.find((lock) => lock.locked.includes(setting))?.origin;
