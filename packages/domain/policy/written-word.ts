import { type PolicyWord, saidNames } from './policy-level.ts';
import { overridableNames, type PolicyValues, policyNames, type SettingName, settingOf } from './settings.ts';

/** A word as callers write it: values by setting, side by side with locks and bounds. */
export interface WrittenWord extends PolicyValues {
  readonly locked?: readonly SettingName[] | undefined;
  readonly overridable?: PolicyWord['overridable'] | undefined;
}

/** Of a request, what is a word: other fields name the place. */
export function fromWritten(written: WrittenWord): PolicyWord {
  const { locked = [], overridable = {} } = written;
  return {
    values: definedOf(policyNames, written),
    locked: [...new Set(locked)],
    overridable: definedOf(overridableNames, overridable),
  };
}

export function toWritten({ values, locked: all, overridable: allBounds }: PolicyWord) {
  const overridable = definedOf(overridableNames, allBounds);
  const locked = policyNames.filter((name) => all.includes(name));
  return {
    ...definedOf(policyNames, values),
    ...(locked.length === 0 ? {} : { locked }),
    ...(Object.keys(overridable).length === 0 ? {} : { overridable }),
  };
}

function definedOf<Name extends SettingName>(
  names: readonly Name[],
  values: Readonly<Partial<Record<Name, unknown>>>,
): Pick<PolicyWord['values'], Name> {
  return Object.fromEntries(
    names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  ) as Pick<PolicyWord['values'], Name>;
}

/** What of a word is about an account as a whole, and said at no place of it. */
export const ofWholeAccount = ({ values, locked }: PolicyWord): readonly SettingName[] =>
  policyNames.filter(
    (name) =>
      settingOf(name).isOfWholeAccount === true && (values[name] !== undefined || locked.includes(name)),
  );

/** What of a word is counted from minute totals, which know accounts and regions and nothing narrower. */
export const countedByUsage = (word: PolicyWord): readonly SettingName[] =>
  saidNames(word).filter((name) => {
    const setting = settingOf(name);
    return setting.merge === 'narrowest' && setting.counts?.what === 'usage';
  });
