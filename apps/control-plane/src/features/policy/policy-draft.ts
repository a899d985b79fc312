import { overridableNames, policyNames, type SettingName, settingOf } from '@patchbay/domain/policy/settings';
import { parseWindow } from '@patchbay/domain/policy/weekly-times';
import { featureNamesOf } from '@patchbay/kit/definition';
import { services } from '@patchbay/services/registry.generated';
import type { Inputs, Outputs } from '../../trpc/client.ts';

const serviceNames = Object.values(services).map(({ name }) => name);
const featureNames = Object.values(services).flatMap(featureNamesOf);

export type Written = Outputs['policy']['get']['stored'];
export type Word = Omit<Inputs['policy']['set'], 'accountId'>;

export type PolicyName = (typeof policyNames)[number];

/** What somebody types of one setting. Empty: it is not set here. */
export interface SettingDraft {
  readonly value: string;
  readonly bound: string;
  readonly isLocked: boolean;
}

/** The settings of which a word says something. */
export const policyNamesIn = ({ locked = [], ...values }: Written): readonly PolicyName[] =>
  policyNames.filter((name) => values[name] !== undefined || locked.includes(name));

export type PolicyDraft = Readonly<Record<PolicyName, SettingDraft>>;

export const isOverridable = (name: SettingName): boolean => overridableNames.some((one) => one === name);

/** Times have commas of their own. */
const separatorOf = (name: SettingName) => (settingOf(name).merge === 'everyTime' ? ';' : ',');

/** What may stand in a list; undefined where only whoever runs a platform knows, or where it is no list. */
export const choicesOf = (name: SettingName): readonly string[] | undefined => {
  if (name === 'services' || name === 'servicesToEnable') return serviceNames;
  if (name === 'features') return featureNames;
  const setting = settingOf(name);
  return setting.merge === 'narrowest' ? undefined : setting.choices;
};

const textOf = (name: SettingName, value: unknown): string =>
  Array.isArray(value) ? value.join(`${separatorOf(name)} `) : value === undefined ? '' : String(value);

export function toDraft(stored: Written): PolicyDraft {
  const { locked = [], overridable = {} } = stored;
  const bounds: Readonly<Partial<Record<PolicyName, unknown>>> = overridable;
  const entries = policyNames.map((name) => [
    name,
    {
      value: textOf(name, stored[name]),
      bound: textOf(name, bounds[name]),
      isLocked: locked.includes(name),
    },
  ]);
  return Object.fromEntries(entries) as PolicyDraft;
}

/** The request as the API takes it; what is no value there is refused by name, and never sent. */
export function toWord(draft: PolicyDraft): { readonly word: Word } | { readonly refused: PolicyName } {
  const values: Record<string, unknown> = {};
  const overridable: Record<string, unknown> = {};
  for (const name of policyNames) {
    const { value, bound } = draft[name];
    for (const [target, text] of [[values, value] as const, [overridable, bound] as const]) {
      if (text.trim() === '') continue;
      const read = readSetting(name, text.trim());
      if (read === undefined) return { refused: name };
      target[name] = read;
    }
  }
  const locked = policyNames.filter((name) => draft[name].isLocked);
  // Each value is of its own setting: `readSetting` sees to it, an indexed access cannot say so.
  return { word: { ...values, locked, overridable } as Word };
}

function readSetting(name: SettingName, text: string): number | string[] | undefined {
  const setting = settingOf(name);
  if (setting.merge !== 'narrowest') {
    const items = text
      .split(separatorOf(name))
      .map((item) => item.trim())
      .filter((item) => item !== '');
    const choices = choicesOf(name);
    const isRight = (item: string) =>
      (choices?.includes(item) ?? true) && (setting.merge !== 'everyTime' || parseWindow(item) !== undefined);
    return items.every(isRight) ? items : undefined;
  }
  const number = Number(text);
  return Number.isInteger(number) && number >= setting.min && number <= setting.max ? number : undefined;
}
