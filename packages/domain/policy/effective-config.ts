import type { FieldMerge, ServiceDefinition } from '@patchbay/kit/definition';
import { narrower } from './merge.ts';

export type ConfigValues = Readonly<Record<string, unknown>>;

/** At an account. `setById`: an account above set it there, which alone and whose own above take it back; absent: it did so itself. */
interface PlacedAt {
  readonly accountId: string;
  readonly setById?: string;
}

/** Where a value of a configuration was set. */
export type ConfigOrigin =
  | { readonly level: 'default' }
  | (PlacedAt & { readonly level: 'platform' | 'account' })
  | (PlacedAt & { readonly level: 'application'; readonly applicationId: string })
  | (PlacedAt & {
      readonly level: 'instanceType';
      readonly applicationId: string;
      readonly instanceType: string;
    })
  | (PlacedAt & { readonly level: 'endpoint'; readonly endpointId: string })
  /** Of the trigger's account, which may be one above: `isShown` says whether others hear of it. */
  | {
      readonly level: 'trigger';
      readonly accountId: string;
      readonly triggerId: string;
      readonly isShown: boolean;
    };

/** What one level says: only what was set there. */
export interface ConfigLevel {
  readonly origin: Exclude<ConfigOrigin, { readonly level: 'default' }>;
  readonly values: ConfigValues;
}

export interface ConfigRules {
  readonly merge: Readonly<Record<string, FieldMerge>>;
  /** What holds of a field of which no level says anything. */
  readonly defaults: ConfigValues;
}

export interface EffectiveConfig {
  readonly values: ConfigValues;
  /** For each of the values, the level whose word it is: of several that say the same, the one that holds the others to it. */
  readonly origins: Readonly<Record<string, ConfigOrigin>>;
}

interface Held {
  readonly value: unknown;
  readonly origin: ConfigOrigin;
}

export function configRulesOf({ config, merge }: Pick<ServiceDefinition, 'config' | 'merge'>): ConfigRules {
  return { merge, defaults: config.parse({}) };
}

/**
 * The configuration that holds at the end of a chain of levels, which run from the top down (POL-2). The only place that
 * knows how levels are merged: what handlers see, what is minted and what nodes hold credentials to all come from here.
 */
export function effectiveConfig(
  levels: readonly ConfigLevel[],
  { merge, defaults }: ConfigRules,
): EffectiveConfig {
  const values: Record<string, unknown> = {};
  const origins: Record<string, ConfigOrigin> = {};
  for (const [field, rule] of Object.entries(merge)) {
    let held: Held | undefined;
    for (const said of sayings(field, levels, defaults)) held = merged(held, said, rule);
    if (held === undefined) continue;
    values[field] = held.value;
    origins[field] = held.origin;
  }
  return { values, origins };
}

/** Fields in which the last level asks for more than the levels above it allow. */
export function widerFields(levels: readonly ConfigLevel[], rules: ConfigRules): readonly string[] {
  const asked = levels.at(-1)?.values ?? {};
  const { values } = effectiveConfig(levels, rules);
  return Object.keys(rules.merge).filter(
    (field) => asked[field] !== undefined && asked[field] !== values[field],
  );
}

/** What is said of a field, from the top down. */
function sayings(field: string, levels: readonly ConfigLevel[], defaults: ConfigValues): readonly Held[] {
  const said = levels.map(({ origin, values }): Held => ({ value: values[field], origin }));
  const isOperators = said.some(({ value, origin }) => origin.level === 'platform' && value !== undefined);
  // The platform speaks in place of its defaults: its operator alone may say more than they do.
  const byDefault: Held = { value: isOperators ? undefined : defaults[field], origin: { level: 'default' } };
  return [byDefault, ...said].filter(({ value }) => value !== undefined);
}

function merged(held: Held | undefined, said: Held, rule: FieldMerge): Held {
  if (held === undefined || rule === 'nearest') return said;
  return narrower(held.value, said.value, rule) === held.value ? held : said;
}
