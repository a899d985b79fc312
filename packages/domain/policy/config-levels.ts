import type { ConfigLevel, ConfigValues } from './effective-config.ts';

/** Whose configuration it is: an account, an application of it, an instance type of that, or an endpoint. */
export interface ConfiguredEntity {
  /** From the platform's account down to the one that it is about. */
  readonly chain: readonly string[];
  readonly applicationId?: string | undefined;
  readonly instanceType?: string | undefined;
  /** It stands below the application and instance type, where there are any. */
  readonly endpointId?: string | undefined;
}

/** What was set at one level for one service. */
export interface StoredConfig {
  readonly accountId: string;
  /** Absent for the account itself. */
  readonly applicationId?: string | undefined;
  /** Absent for the account or application itself. */
  readonly instanceType?: string | undefined;
  /** An endpoint of the account, whatever its application. */
  readonly endpointId?: string | undefined;
  /** The account above whose word it is: each of them has one of its own at a place (POL-2). Absent: the account's own. */
  readonly setById?: string | undefined;
  readonly service: string;
  readonly values: ConfigValues;
  /** A trigger that fired holds the account or application to it: what is said there itself stands beside it (TRG-2). */
  readonly heldBy?: TriggerHolder | undefined;
}

export interface TriggerHolder {
  readonly triggerId: string;
  /** Who set the trigger: the account itself, or one above it. */
  readonly accountId: string;
  readonly isShown: boolean;
}

/**
 * The levels whose word on a service holds for an entity, from the top down; the last is the entity's own. The order is that of the
 * chain, whatever the order of what is stored, and a level that says nothing of its own stands there empty. At each place those
 * above the account that set something there speak first, the farthest of them before all: what is of nobody above does not hold.
 */
export function configLevels(
  { chain, applicationId, instanceType, endpointId }: ConfiguredEntity,
  service: string,
  stored: readonly StoredConfig[],
): readonly ConfigLevel[] {
  const ofService = stored.filter((config) => config.service === service);
  const said = ofService.filter(({ heldBy }) => heldBy === undefined);
  /** What those above say at a place, and then the account itself. */
  const levelsAt = (origin: PlacedOrigin, depth: number, place: Place = {}): ConfigLevel[] => {
    const here = said.filter((config) => config.accountId === origin.accountId && isAt(config, place));
    const above = chain
      .slice(0, depth)
      .flatMap((setById) =>
        here
          .filter((config) => config.setById === setById)
          .map(({ values }): ConfigLevel => ({ origin: { ...origin, setById }, values })),
      );
    const own = here.find(({ setById }) => setById === undefined);
    return [...above, { origin, values: own?.values ?? {} }];
  };
  const levels = chain.flatMap((accountId, depth) =>
    levelsAt({ level: depth === 0 ? 'platform' : 'account', accountId }, depth),
  );
  const accountId = chain.at(-1);
  const depth = chain.length - 1;
  const held = ofService.flatMap((config): ConfigLevel[] => {
    const { heldBy, values } = config;
    if (heldBy === undefined || !chain.includes(config.accountId)) return [];
    if (config.applicationId !== undefined && config.applicationId !== applicationId) return [];
    return [{ origin: { level: 'trigger', ...heldBy }, values }];
  });
  if (accountId !== undefined && applicationId !== undefined) {
    const place = { applicationId };
    levels.push(...levelsAt({ level: 'application', accountId, ...place }, depth, place));
    if (instanceType !== undefined) {
      const ofType = { ...place, instanceType };
      levels.push(...levelsAt({ level: 'instanceType', accountId, ...ofType }, depth, ofType));
    }
  }
  if (accountId !== undefined && endpointId !== undefined)
    levels.push(...levelsAt({ level: 'endpoint', accountId, endpointId }, depth, { endpointId }));
  // Above the entity's own, which is the last: nobody below takes a hold off by saying something wider.
  return [...levels.slice(0, -1), ...held, ...levels.slice(-1)];
}

/** An entity's levels, parted at what one account says of it. */
export interface PartedLevels {
  readonly above: readonly ConfigLevel[];
  /** Empty where that account says nothing. */
  readonly said: ConfigLevel;
  /** What it holds to its word: those nearer to the entity, and the entity itself. */
  readonly below: readonly ConfigLevel[];
}

/**
 * Parts the levels of an entity at the word of an account above, or at the entity's own, which is the last.
 * @param chain From the platform's account down to the entity's.
 * @returns Undefined of no levels at all.
 */
export function partedAt(
  levels: readonly ConfigLevel[],
  chain: readonly string[],
  setById: string | undefined,
): PartedLevels | undefined {
  const own = levels.at(-1);
  if (own === undefined || own.origin.level === 'trigger') return undefined;
  if (setById === undefined) return { above: levels.slice(0, -1), said: own, below: [] };
  const depth = chain.indexOf(setById);
  const at = levels.findIndex(
    ({ origin }) =>
      origin.level === 'trigger' || (isSamePlace(origin, own.origin) && speakerDepth(origin, chain) >= depth),
  );
  const found = levels[at];
  const isThere = found !== undefined && setterOf(found.origin) === setById;
  return {
    above: levels.slice(0, at),
    said: isThere ? found : { origin: { ...own.origin, setById }, values: {} },
    below: levels.slice(isThere ? at + 1 : at),
  };
}

/**
 * The levels that bound what is said there: those above it that last. What a trigger holds for a time is no bound on what may
 * stand there after it, nor is what accounts say that stand below the speaker: it outlasts that.
 */
export function lastingBounds(
  { above, said }: PartedLevels,
  chain: readonly string[],
): readonly ConfigLevel[] {
  const speakerOf = (origin: PlacedOrigin) => chain.indexOf(origin.setById ?? origin.accountId);
  const depth = said.origin.level === 'trigger' ? chain.length : speakerOf(said.origin);
  return above.filter(({ origin }) => origin.level !== 'trigger' && speakerOf(origin) <= depth);
}

/** What those above say at the entity's own place, the farthest first. */
export function saidAbove(levels: readonly ConfigLevel[]): readonly ConfigLevel[] {
  const own = levels.at(-1);
  return own === undefined
    ? []
    : levels.filter(({ origin }) => setterOf(origin) !== undefined && isSamePlace(origin, own.origin));
}

type PlacedOrigin = Exclude<ConfigLevel['origin'], { readonly level: 'trigger' }>;

/** The account above that said what a level says; undefined of what is the level's own. */
export const setterOf = (origin: ConfigLevel['origin']): string | undefined =>
  origin.level === 'trigger' ? undefined : origin.setById;

/** How far from the top the account stands that said it: whoever speaks for itself comes after all of those. */
const speakerDepth = (origin: ConfigLevel['origin'], chain: readonly string[]): number => {
  const setById = setterOf(origin);
  return setById === undefined ? chain.length : chain.indexOf(setById);
};

const isSamePlace = (one: ConfigLevel['origin'], other: ConfigLevel['origin']): boolean =>
  placeText(one) === placeText(other);

const placeText = (origin: ConfigLevel['origin']): string =>
  JSON.stringify({ ...origin, setById: undefined });

/** Where at an account; nothing: the account itself. */
type Place = Pick<StoredConfig, 'applicationId' | 'instanceType' | 'endpointId'>;

const isAt = (config: StoredConfig, place: Place): boolean =>
  config.applicationId === place.applicationId &&
  config.instanceType === place.instanceType &&
  config.endpointId === place.endpointId;
