import { policyNames } from '@patchbay/domain/policy/settings';
import type { Change } from '../problem/changed-meanwhile.tsx';
import type { PolicyDraft, SettingDraft } from './policy-draft.ts';
import { settingLabel, unitOf } from './setting-words.ts';

/** What somebody began from, what they made of it, and what is there by now. */
export interface ThreeDrafts {
  readonly base: PolicyDraft;
  readonly mine: PolicyDraft;
  readonly theirs: PolicyDraft;
}

export const isSameSetting = (one: SettingDraft, other: SettingDraft): boolean =>
  one.value === other.value && one.bound === other.bound && one.isLocked === other.isLocked;

/** Setting by setting: what was typed stays, and what was not touched is as it is now. */
export function mergedDraft({ base, mine, theirs }: ThreeDrafts): PolicyDraft {
  const entries = policyNames.map((name) => [
    name,
    isSameSetting(mine[name], base[name]) ? theirs[name] : mine[name],
  ]);
  return Object.fromEntries(entries) as PolicyDraft;
}

/** What is there by now and was not, in words. */
export function changesIn({ base, mine, theirs }: ThreeDrafts): readonly Change[] {
  return policyNames
    .filter((name) => !isSameSetting(base[name], theirs[name]))
    .map((name) => ({
      label: settingLabel(name),
      before: settingText(base[name], unitOf(name)),
      after: settingText(theirs[name], unitOf(name)),
      isContested: !isSameSetting(mine[name], base[name]) && !isSameSetting(mine[name], theirs[name]),
    }));
}

function settingText({ value, bound, isLocked }: SettingDraft, unit: string | undefined): string {
  const withUnit = (text: string) => (unit === undefined ? text : `${text} ${unit}`);
  return [
    value === '' ? 'not set' : withUnit(value),
    bound === '' ? '' : `below, up to ${withUnit(bound)}`,
    isLocked ? 'locked' : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}
