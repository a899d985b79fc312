import { type NumberSetting, type SettingName, settingOf } from '@patchbay/domain/policy/settings';
import { featureName, type ServiceDefinition } from '@patchbay/kit/definition';
import { services } from '@patchbay/services/registry.generated';
import type { Outputs } from '../../trpc/client.ts';

export type Answer = Outputs['policy']['get'];
export type Explained = Answer['effective'][number];
export type Origin = Answer['origin'];

const levels: Readonly<Record<Origin['level'], string>> = {
  platform: 'Platform',
  plan: 'Plan',
  account: 'Account',
  access: 'Access',
  spending: 'Spending',
  region: 'Region',
  application: 'Application',
  instanceType: 'Instance type',
  endpoint: 'Endpoint',
  credential: 'Credential',
};

/** A level in words; of an account that is not to be named, that it is above. */
export function levelText(origin: Origin, names: ReadonlyMap<string, string>): string {
  const place = placeText(origin, names);
  const { heldBy, triggerId } = origin;
  if (heldBy === undefined) return place;
  if (heldBy === 'overdue') return `${place}, held by an overdue invoice`;
  if (triggerId === undefined) return `${place}, held by a trigger of an account above`;
  const name = names.get(triggerId);
  return `${place}, held by ${name === undefined ? `trigger ${triggerId}` : `the trigger “${name}”`}`;
}

function placeText(origin: Origin, names: ReadonlyMap<string, string>): string {
  const { level, accountId, by, region, endpoint, applicationId, instanceType } = origin;
  if (accountId === undefined) return `${levels[level]}, above`;
  const place = region ?? endpoint ?? instanceType ?? applicationId;
  const setBy = by === 'above' && origin.heldBy === undefined ? `, set by ${setterText(origin, names)}` : '';
  if (place !== undefined) return `${levels[level]} ${names.get(place) ?? place}${setBy}`;
  const name = names.get(accountId) ?? accountId;
  if (level === 'account') return `${name}${setBy}`;
  if (level === 'access') return `${setBy === '' ? 'Lists and services' : 'Services'} of ${name}${setBy}`;
  if (level === 'spending') return `Spending of ${name}`;
  return level === 'plan' ? `Plan of ${name}, from ${setterText(origin, names)}` : levels[level];
}

/** Which account above set it, by name where the reader sees it. */
export const setterText = ({ setById }: Origin, names: ReadonlyMap<string, string>): string =>
  setById === undefined ? 'an account above' : (names.get(setById) ?? setById);

export const unitOf = (name: SettingName): string | undefined => {
  const setting = settingOf(name);
  return setting.merge === 'narrowest' ? unitTexts[setting.unit] : undefined;
};

const unitTexts: Readonly<Record<NumberSetting['unit'], string>> = {
  second: 's',
  'bit/s': 'bit/s',
  byte: 'B',
  session: 'sessions',
  participant: 'participants',
  hundredth: 'hundredths of the currency',
};

/** What a setting is, and how it is left alone where it is ticked. */
export function summaryOf(name: SettingName, choices: readonly string[] | undefined): string {
  const { summary } = settingOf(name);
  return choices === undefined ? summary : `${summary} None ticked: it is not set here.`;
}

/** A choice as it is read: a service or a feature of one by its title. */
export const choiceLabel = (choice: string): string => titles.get(choice) ?? choice;

const known: readonly ServiceDefinition[] = Object.values(services);
const titles = new Map<string, string>(
  known.flatMap(({ name, title, features = {} }) => [
    [name, title] as const,
    ...Object.keys(features).map(
      (feature) => [featureName(name, feature), `${title}: ${feature.replaceAll('-', ' ')}`] as const,
    ),
  ]),
);
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const hundredths = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export function valueText(name: SettingName, value: Explained['value']): string {
  if (value === undefined) return '—';
  if (typeof value === 'number') {
    const setting = settingOf(name);
    // A tree has one currency.
    if (setting.merge === 'narrowest' && setting.unit === 'hundredth') return hundredths.format(value / 100);
    return [whole.format(value), unitOf(name)].filter(Boolean).join(' ');
  }
  if (value.length === 0) return 'nothing';
  return value
    .map((item) => (typeof item === 'string' ? item : `${item.windows.join('; ')} (${item.timeZone})`))
    .join(', ');
}

/** As it is read: `concurrentSessionsMax` is `Concurrent sessions, max`. */
export function settingLabel(name: SettingName): string {
  const words = name.replace(/Max$/, ', max').replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}
