import { policyNames } from '@patchbay/domain/policy/settings';
import { matchesFilter } from '../shell/matches-filter.ts';
import type { PolicyDraft, PolicyName, SettingDraft } from './policy-draft.ts';
import { isSameSetting } from './policy-merge.ts';
import { settingLabel, summaryOf } from './setting-words.ts';

/** What settings are about, in the order in which they stand on a page. */
const titles = {
  services: 'Services and features',
  places: 'Regions and networks',
  clients: 'Devices and times',
  media: 'Media and bit rates',
  sessions: 'Sessions',
  relayBytes: 'Bytes relayed',
  relaySeconds: 'Time at relays',
  connectedSeconds: 'Time in calls',
} as const;

export type SectionName = keyof typeof titles;

/** A new setting is a compile error until it stands here. */
const sectionOf: Readonly<Record<PolicyName, SectionName>> = {
  services: 'services',
  servicesToEnable: 'services',
  features: 'services',
  regions: 'places',
  dataRegions: 'places',
  sourceNetworks: 'places',
  countries: 'places',
  deviceKinds: 'clients',
  times: 'clients',
  mediaKinds: 'media',
  codecs: 'media',
  bitsPerSecondMax: 'media',
  burstBytesMax: 'media',
  participantsMax: 'sessions',
  sessionSecondsMax: 'sessions',
  concurrentSessionsMax: 'sessions',
  sessionsPerMinuteMax: 'sessions',
  sessionsPerDayMax: 'sessions',
  relayBytesPerHourMax: 'relayBytes',
  relayBytesPerDayMax: 'relayBytes',
  relayBytesPerMonthMax: 'relayBytes',
  relayBytesTotalMax: 'relayBytes',
  relaySecondsPerHourMax: 'relaySeconds',
  relaySecondsPerDayMax: 'relaySeconds',
  relaySecondsPerMonthMax: 'relaySeconds',
  relaySecondsTotalMax: 'relaySeconds',
  connectedSecondsPerHourMax: 'connectedSeconds',
  connectedSecondsPerDayMax: 'connectedSeconds',
  connectedSecondsPerMonthMax: 'connectedSeconds',
  connectedSecondsTotalMax: 'connectedSeconds',
};

export interface Section {
  readonly name: SectionName;
  readonly title: string;
  /** Those that are looked for, or all of it. */
  readonly settings: readonly PolicyName[];
  /** How many of all of it say something. */
  readonly setCount: number;
  readonly changedCount: number;
  /** Where something was said when the form was begun, or is by now, it stands open. */
  readonly isOpenAtFirst: boolean;
}

interface Drafts {
  readonly draft: PolicyDraft;
  /** As it was begun from. */
  readonly base: PolicyDraft;
}

const isSet = ({ value, bound, isLocked }: SettingDraft): boolean => value !== '' || bound !== '' || isLocked;

/** The settings that are not as they were. */
export const changedNames = ({ draft, base }: Drafts): readonly PolicyName[] =>
  policyNames.filter((name) => !isSameSetting(draft[name], base[name]));

/** The sections of which anything is looked for, by any word of a setting's name and of what it is. */
export function sectionsOf({ draft, base }: Drafts, filter: string): readonly Section[] {
  const changed = changedNames({ draft, base });
  const sections = Object.entries(titles) as readonly [SectionName, string][];
  return sections
    .map(([name, title]) => {
      const all = policyNames.filter((setting) => sectionOf[setting] === name);
      const isFound = (setting: PolicyName) =>
        matchesFilter(filter.trim(), [title, setting, settingLabel(setting), summaryOf(setting, undefined)]);
      const changedCount = all.filter((setting) => changed.includes(setting)).length;
      return {
        ...{ name, title, changedCount },
        settings: all.filter(isFound),
        setCount: all.filter((setting) => isSet(draft[setting])).length,
        isOpenAtFirst: changedCount > 0 || all.some((setting) => isSet(base[setting])),
      };
    })
    .filter(({ settings }) => settings.length > 0);
}
