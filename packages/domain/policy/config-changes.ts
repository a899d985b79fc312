import {
  type ConfigLevel,
  type ConfigOrigin,
  type ConfigRules,
  effectiveConfig,
} from './effective-config.ts';
import type { HeldValue } from './policy-changes.ts';

export interface ConfigDifference {
  readonly field: string;
  readonly before?: HeldValue<unknown, ConfigOrigin>;
  readonly after?: HeldValue<unknown, ConfigOrigin>;
}

/** Fields of a service's configuration whose value, or whose level, differs between two chains of levels. */
export function configChanges(
  before: readonly ConfigLevel[],
  after: readonly ConfigLevel[],
  rules: ConfigRules,
): ConfigDifference[] {
  const [was, is] = [effectiveConfig(before, rules), effectiveConfig(after, rules)];
  const heldOf = ({ values, origins }: typeof was, field: string) => {
    const origin = origins[field];
    return origin === undefined ? undefined : { value: values[field], origin };
  };
  return Object.keys(rules.merge).flatMap((field) => {
    const held = { before: heldOf(was, field), after: heldOf(is, field) };
    if (JSON.stringify(held.before) === JSON.stringify(held.after)) return [];
    return [
      {
        field,
        ...(held.before === undefined ? {} : { before: held.before }),
        ...(held.after === undefined ? {} : { after: held.after }),
      },
    ];
  });
}
