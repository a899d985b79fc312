import { parseCidr } from '@patchbay/kit/cidr';
import { countryPattern } from '@patchbay/kit/country';
import { deviceKinds } from '@patchbay/kit/device-kind';
import { z } from 'zod';
import { parseWindow } from './weekly-times.ts';

/** How what several levels say of a setting becomes what holds (POL-2). */
export type SettingMerge =
  /** The least number of all levels. */
  | 'narrowest'
  /** What stands in the list of every level. */
  | 'intersection'
  /** The addresses that lie in the networks of every level. */
  | 'networks'
  /** What stands in the list of any level: each adds to what is asked for. */
  | 'union'
  /** The times of every level, each in the zone of its account, have to be now. */
  | 'everyTime';

/**
 * Who asks, at each request that the setting may refuse or bound. `key` and `credential` are the API as well: of whoever
 * shows one, before it is known what is asked for, and by the levels of the account that the key or credential is of.
 */
export type PolicyVerifier = 'api' | 'key' | 'credential' | 'relay' | 'signaling';

/**
 * What a change does to what runs (POL-5).
 * - `ends`: what is not allowed any more ends within 5 seconds.
 * - `holds`: it goes on under the new value within 5 seconds, and ends where that is reached.
 * - `starts`: it goes on; whatever starts from now on is decided by the new value.
 */
export type RunningEffect = 'ends' | 'holds' | 'starts';

interface SettingBase {
  readonly summary: string;
  readonly merge: SettingMerge;
  readonly decidedBy: readonly PolicyVerifier[];
  readonly running: RunningEffect;
  /** Kept with operations of its own (ACC-9, BIL-5): no policy says it, and so none locks it or widens it again. */
  readonly isOwnList?: true;
  /** Said for whole accounts and in plans: it is about what is kept of an account, of which a part is nowhere else. */
  readonly isOfWholeAccount?: true;
}

export interface NumberSetting extends SettingBase {
  readonly merge: 'narrowest';
  readonly unit: 'second' | 'bit/s' | 'byte' | 'session' | 'participant' | 'hundredth';
  readonly min: number;
  readonly max: number;
  /** Counted over everything at and below the level that says it, and so held at each level by itself. */
  readonly counts?: CountedOver;
}

/** An hour, a day or a month of the account's time zone, or all time: what was used before the setting was set counts too. */
export type CountedSpan = 'hour' | 'day' | 'month' | 'total';

/** What a counted setting counts, and since when. */
export type CountedOver =
  | { readonly what: 'sessions'; readonly over: 'now' | 'minute' | 'day' }
  | {
      readonly what: 'usage';
      readonly over: CountedSpan;
      readonly meter: string;
      readonly perUnit: number;
    }
  /** Rated from use as it comes; whoever counts it says what is reached (BIL-5). */
  | { readonly what: 'money'; readonly over: 'day' | 'month' | 'total' | 'balance' };

export interface ListSetting extends SettingBase {
  readonly merge: 'intersection' | 'networks' | 'union' | 'everyTime';
  /** What may stand in the list; absent where only whoever runs a platform knows. */
  readonly choices?: readonly string[];
  /** What each of them looks like, where that is no plain name. */
  readonly form?: 'feature' | 'country';
  /** How many; LIST_LENGTH_MAX by default. */
  readonly lengthMax?: number;
}

export type Setting = NumberSetting | ListSetting;

/** Long enough for what anybody lists by hand, and short enough for a snapshot of a chain to stay small. */
export const LIST_LENGTH_MAX = 32;
/** Of each of an account's two lists of addresses. */
export const ALLOW_LIST_LENGTH_MAX = 100;
/** More than there are. */
const COUNTRY_COUNT_MAX = 260;
const BYTES_MAX = 1_000_000_000_000_000;
const SECONDS_MAX = 1_000_000_000_000;
/** What browsers code media with, as SDP names it, in small letters. */
const codecNames = ['opus', 'g722', 'pcmu', 'pcma', 'vp8', 'vp9', 'h264', 'h265', 'av1'] as const;
const HUNDREDTHS_MAX = 1_000_000_000_000_000;
const everywhere = ['api', 'relay', 'signaling'] as const;
const nodes = ['relay', 'signaling'] as const;

const spans = {
  hour: 'in an hour of the account’s time zone',
  day: 'in a day of the account’s time zone',
  month: 'in a month of the account’s time zone',
  total: 'in all',
} as const satisfies Readonly<Record<CountedSpan, string>>;

const meters = {
  relayBytes: {
    what: 'Bytes relayed',
    unit: 'byte',
    max: BYTES_MAX,
    decidedBy: ['relay'],
    meter: 'network-discovery.bytes',
    perUnit: 1,
  },
  relaySeconds: {
    what: 'Seconds for which relay allocations stand',
    added: ', summed over all allocations',
    unit: 'second',
    max: SECONDS_MAX,
    decidedBy: ['relay'],
    meter: 'network-discovery.allocationMs',
    perUnit: 1_000,
  },
  connectedSeconds: {
    what: 'Seconds for which parties are in calls',
    added: ', summed over all parties',
    unit: 'second',
    max: SECONDS_MAX,
    decidedBy: ['signaling'],
    meter: 'signaling.connectedMs',
    perUnit: 1_000,
  },
} as const;

/** What may be used of a meter in a span. */
const ofUse = <Span extends CountedSpan, Of extends (typeof meters)[keyof typeof meters]>(
  over: Span,
  { what, unit, max, meter, perUnit, decidedBy, added = '' }: Of & { readonly added?: string },
) =>
  ({
    summary: `${what} ${spans[over]}${added}.`,
    merge: 'narrowest',
    unit,
    min: 0,
    max,
    decidedBy,
    running: 'ends',
    counts: { what: 'usage', over, meter, perUnit },
  }) as const;

const ofMoney = {
  merge: 'narrowest',
  unit: 'hundredth',
  min: 0,
  max: HUNDREDTHS_MAX,
  decidedBy: nodes,
  running: 'ends',
  isOwnList: true,
} as const;

/**
 * Everything that a policy can restrict (POL-3). A setting is in this table because something enforces it: what nothing
 * holds yet cannot be set.
 */
export const settings = {
  services: {
    summary: 'The services that may be used.',
    merge: 'intersection',
    decidedBy: everywhere,
    running: 'ends',
  },
  servicesToEnable: {
    summary: 'The services that an account has to enable, saying what for, before they are used.',
    merge: 'union',
    decidedBy: everywhere,
    running: 'ends',
  },
  features: {
    summary: 'The features of services that may be used, such as network-discovery.relay.',
    merge: 'intersection',
    form: 'feature',
    decidedBy: everywhere,
    running: 'ends',
  },
  regions: {
    summary: 'The regions whose nodes may be used.',
    merge: 'intersection',
    decidedBy: nodes,
    running: 'ends',
  },
  dataRegions: {
    summary:
      'The regions in which data are kept: no node elsewhere serves, and the storage of the platform lies in them.',
    merge: 'intersection',
    decidedBy: nodes,
    running: 'ends',
    isOfWholeAccount: true,
  },
  sourceNetworks: {
    summary: 'The networks that clients may come from, and keys that ask for a service.',
    merge: 'networks',
    decidedBy: everywhere,
    running: 'ends',
  },
  keyAllowList: {
    summary: 'The addresses that keys of the account may be used from.',
    merge: 'networks',
    decidedBy: ['key'],
    running: 'starts',
    isOwnList: true,
    lengthMax: ALLOW_LIST_LENGTH_MAX,
  },
  clientAllowList: {
    summary: 'The addresses that credentials of the account may be used from.',
    merge: 'networks',
    decidedBy: ['credential', ...nodes],
    running: 'ends',
    isOwnList: true,
    lengthMax: ALLOW_LIST_LENGTH_MAX,
  },
  countries: {
    summary: 'The countries that clients may come from, such as DE; ZZ is where nobody knows which.',
    merge: 'intersection',
    form: 'country',
    lengthMax: COUNTRY_COUNT_MAX,
    decidedBy: nodes,
    running: 'ends',
  },
  deviceKinds: {
    summary:
      'The kinds of device that clients may run on, as they say themselves. A relay is not told, and so serves calls alone where something is left out.',
    merge: 'intersection',
    choices: deviceKinds,
    decidedBy: nodes,
    running: 'ends',
  },
  times: {
    summary: 'When clients may be served, in the time zone of the account, such as mon-fri 08:00-18:00.',
    merge: 'everyTime',
    decidedBy: nodes,
    running: 'ends',
  },
  mediaKinds: {
    summary:
      'What a call may carry. A relay cannot see it, and so serves calls alone where something is left out.',
    merge: 'intersection',
    choices: ['audio', 'video', 'screen'],
    decidedBy: nodes,
    running: 'ends',
  },
  codecs: {
    summary:
      'What a call may be coded with. A relay cannot see it, and so serves calls alone where something is left out.',
    merge: 'intersection',
    choices: codecNames,
    decidedBy: nodes,
    running: 'ends',
  },
  participantsMax: {
    summary: 'The parties of one call.',
    merge: 'narrowest',
    unit: 'participant',
    min: 1,
    max: 100_000,
    decidedBy: ['signaling'],
    running: 'ends',
  },
  sessionSecondsMax: {
    summary: 'The longest that a session may last.',
    merge: 'narrowest',
    unit: 'second',
    min: 1,
    max: 31_536_000,
    decidedBy: nodes,
    running: 'holds',
  },
  bitsPerSecondMax: {
    summary: 'The bit rate of one relay allocation, both ways together.',
    merge: 'narrowest',
    unit: 'bit/s',
    min: 8_000,
    max: 1_000_000_000,
    decidedBy: ['relay'],
    running: 'holds',
  },
  burstBytesMax: {
    summary: 'What one relay allocation may pass at once, where its bit rate is bounded.',
    merge: 'narrowest',
    unit: 'byte',
    min: 1_500,
    max: 1_000_000_000,
    decidedBy: ['relay'],
    running: 'holds',
  },
  concurrentSessionsMax: {
    summary: 'Sessions at the same time: calls, and clients of a relay that are in none.',
    merge: 'narrowest',
    unit: 'session',
    min: 0,
    max: 1_000_000,
    decidedBy: nodes,
    running: 'starts',
    counts: { what: 'sessions', over: 'now' },
  },
  sessionsPerMinuteMax: {
    summary: 'Sessions that begin in any 60 seconds.',
    merge: 'narrowest',
    unit: 'session',
    min: 0,
    max: 1_000_000,
    decidedBy: nodes,
    running: 'starts',
    counts: { what: 'sessions', over: 'minute' },
  },
  sessionsPerDayMax: {
    summary: 'Sessions that begin in a day of the account’s time zone.',
    merge: 'narrowest',
    unit: 'session',
    min: 0,
    max: 100_000_000,
    decidedBy: nodes,
    running: 'starts',
    counts: { what: 'sessions', over: 'day' },
  },
  relayBytesPerHourMax: ofUse('hour', meters.relayBytes),
  relayBytesPerDayMax: ofUse('day', meters.relayBytes),
  relayBytesPerMonthMax: ofUse('month', meters.relayBytes),
  relayBytesTotalMax: ofUse('total', meters.relayBytes),
  relaySecondsPerHourMax: ofUse('hour', meters.relaySeconds),
  relaySecondsPerDayMax: ofUse('day', meters.relaySeconds),
  relaySecondsPerMonthMax: ofUse('month', meters.relaySeconds),
  relaySecondsTotalMax: ofUse('total', meters.relaySeconds),
  connectedSecondsPerHourMax: ofUse('hour', meters.connectedSeconds),
  connectedSecondsPerDayMax: ofUse('day', meters.connectedSeconds),
  connectedSecondsPerMonthMax: ofUse('month', meters.connectedSeconds),
  connectedSecondsTotalMax: ofUse('total', meters.connectedSeconds),
  spendPerDayMax: {
    summary: 'What may be spent in a UTC day, in hundredths of the currency.',
    ...ofMoney,
    counts: { what: 'money', over: 'day' },
  },
  spendPerMonthMax: {
    summary: 'What may be spent in a UTC month, in hundredths of the currency.',
    ...ofMoney,
    counts: { what: 'money', over: 'month' },
  },
  spendTotalMax: {
    summary: 'What may be spent in all, in hundredths of the currency.',
    ...ofMoney,
    counts: { what: 'money', over: 'total' },
  },
  prepaidBalance: {
    summary: 'How far below zero a prepaid balance may come, in hundredths of the currency.',
    ...ofMoney,
    counts: { what: 'money', over: 'balance' },
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof settings;

/** In the order in which a request is held against them. */
export const settingNames = Object.keys(settings) as readonly SettingName[];

/** The table as what it is of: the literal types of its rows are for whoever names one. */
export const settingOf = (name: SettingName): Setting => settings[name];

type NamesOf<Merge extends SettingMerge> = {
  [Name in SettingName]: (typeof settings)[Name]['merge'] extends Merge ? Name : never;
}[SettingName];

export type NumberSettingName = NamesOf<'narrowest'>;
export type TimesSettingName = NamesOf<'everyTime'>;
export type ListSettingName = NamesOf<'intersection' | 'networks' | 'union'>;
export type CountedSettingName = {
  [Name in SettingName]: (typeof settings)[Name] extends { readonly counts: CountedOver } ? Name : never;
}[SettingName];

export const countedSettingNames = settingNames.filter(
  (name): name is CountedSettingName => 'counts' in settings[name],
);

/** What one level says. A setting that is left out is not said there. */
export type PolicyValues = {
  readonly [Name in SettingName]?: (Name extends NumberSettingName ? number : readonly string[]) | undefined;
};

const token = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'Use small letters, digits and hyphens.');
const feature = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9-]*\.[a-z0-9-]+$/, 'Write a feature as network-discovery.relay.');
const country = z.string().regex(countryPattern, 'Write a country as the two letters of ISO 3166-1: DE.');
export const networkSchema = z
  .string()
  .max(64)
  .refine((text) => parseCidr(text) !== undefined, 'Write a network as 10.0.0.0/8 or 2001:db8::/32.');
const weekly = z
  .string()
  .max(64)
  .refine(
    (text) => parseWindow(text) !== undefined,
    'Write times as mon-fri 08:00-18:00 or sat,sun 10:00-24:00.',
  );

/** The schema of what may be said of a setting: its type, bounds and choices, from the table. */
function schemaOf(setting: Setting): z.ZodType {
  if (setting.merge === 'narrowest')
    return z.int().min(setting.min).max(setting.max).describe(setting.summary);
  const { summary, lengthMax = LIST_LENGTH_MAX } = setting;
  return z.array(itemOf(setting)).max(lengthMax).describe(summary);
}

function itemOf({ choices, merge, form }: ListSetting): z.ZodType<string> {
  if (merge === 'networks') return networkSchema;
  if (merge === 'everyTime') return weekly;
  if (form !== undefined) return { feature, country }[form];
  return choices === undefined ? token : z.enum(choices as readonly [string, ...string[]]);
}

type ValueShape<Names extends SettingName> = {
  readonly [Name in Names]: z.ZodOptional<
    Name extends NumberSettingName ? z.ZodInt : z.ZodArray<z.ZodString>
  >;
};

function shapeOf<Names extends SettingName>(names: readonly Names[]): ValueShape<Names> {
  const fields = names.map((name) => [name, schemaOf(settingOf(name)).optional()]);
  // Each field is the schema of its own setting: the table says so, an indexed access cannot.
  return Object.fromEntries(fields) as unknown as ValueShape<Names>;
}

/** Everything that a level of a chain can say. */
export const levelValuesShape = shapeOf(settingNames);

type OwnListName = {
  [Name in SettingName]: (typeof settings)[Name] extends { readonly isOwnList: true } ? Name : never;
}[SettingName];

/** Everything that a policy can say. */
export const policyNames = settingNames.filter(
  (name): name is Exclude<SettingName, OwnListName> => settingOf(name).isOwnList !== true,
);
export const policyValuesShape = shapeOf(policyNames);

/** What all levels say holds together, and no level can give back what another took. */
type AddedSettingName = NamesOf<'everyTime' | 'union'>;
export const overridableNames = policyNames.filter(
  (name): name is Exclude<(typeof policyNames)[number], AddedSettingName> =>
    !['everyTime', 'union'].includes(settingOf(name).merge),
);
export const overridableShape = shapeOf(overridableNames);
