import { type AnyValue, type EffectiveSetting, effectivePolicy } from './effective-policy.ts';
import type { PolicyChain, PolicyOrigin } from './policy-level.ts';
import { settingNames } from './settings.ts';

/** What holds of a setting, and the level it comes from. */
export interface HeldValue<Value, Origin> {
  readonly value: Value;
  readonly origin: Origin;
}

export interface PolicyDifference {
  readonly setting: string;
  /** Absent: nothing is said of it. */
  readonly before?: HeldValue<AnyValue, PolicyOrigin>;
  readonly after?: HeldValue<AnyValue, PolicyOrigin>;
}

/** Settings whose value, or whose level, differs between two chains. */
export function policyChanges(before: PolicyChain, after: PolicyChain): PolicyDifference[] {
  const [was, is] = [effectivePolicy(before), effectivePolicy(after)];
  return settingNames.flatMap((setting) => {
    const held = { before: heldOf(was[setting]), after: heldOf(is[setting]) };
    if (JSON.stringify(held.before) === JSON.stringify(held.after)) return [];
    return [
      {
        setting,
        ...(held.before === undefined ? {} : { before: held.before }),
        ...(held.after === undefined ? {} : { after: held.after }),
      },
    ];
  });
}

const heldOf = (setting: EffectiveSetting | undefined): HeldValue<AnyValue, PolicyOrigin> | undefined =>
  setting && { value: setting.value, origin: setting.origin };
