import fc from 'fast-check';
import type { PolicyRequest } from './decide.ts';
import type { PolicyChain, PolicyLevel, PolicyOrigin, PolicyWord } from './policy-level.ts';
import {
  countedSettingNames,
  overridableNames,
  type SettingName,
  settingNames,
  settingOf,
  settings,
} from './settings.ts';

const services = ['network-discovery', 'signaling'];
const regions = ['eu', 'us', 'ap'];
const networks = ['10.0.0.0/8', '10.1.0.0/16', '192.0.2.0/24', '2001:db8::/32', '0.0.0.0/0'];
const features = [
  'network-discovery.relay',
  'network-discovery.relay-ipv6',
  'signaling.place-calls',
  'signaling.answer-calls',
];
const countries = ['DE', 'FR', 'ZZ'];
const codecs = ['opus', 'pcmu', 'vp8', 'av1'];
const windows = ['mon-fri 08:00-18:00', 'sat,sun 10:00-24:00', 'mon-sun 00:00-24:00', 'wed 22:00-06:00'];

/** Few values, so that levels meet, contradict and widen each other often. */
function valueAt(name: SettingName, index: number): number | string[] {
  const setting = settingOf(name);
  if (setting.merge === 'narrowest') return Math.min(setting.max, setting.min + (index % 5) * 100);
  const choices = {
    services,
    features,
    countries,
    servicesToEnable: services,
    regions,
    dataRegions: regions,
    sourceNetworks: networks,
    keyAllowList: networks,
    clientAllowList: networks,
    times: windows,
  }[name as string];
  const all = [...(choices ?? setting.choices ?? [])];
  // Half of what could refuse much refuses nothing, so that what is asked after it is asked often.
  const isWhole = setting.merge === 'intersection' && index > 15;
  return isWhole ? all : all.filter((_, place) => (index >> place) & 1);
}

/** What is used up is asked of last, and so is said twice as often. */
const drawnNames: readonly SettingName[] = [
  ...settingNames,
  ...countedSettingNames.filter((name) => settings[name].counts.what === 'usage'),
];

/** What one number says: a setting, a value, and now and then a lock or a bound. Cheap to draw ten thousand times. */
function say(word: { values: Sayings; overridable: Sayings; locked: SettingName[] }, drawn: number): void {
  const name = drawnNames[drawn % drawnNames.length] ?? 'services';
  const rest = Math.floor(drawn / drawnNames.length);
  word.values[name] = valueAt(name, rest & 31);
  const isBounded = ((rest >> 5) & 3) === 0 && overridableNames.some((one) => one === name);
  if (isBounded) word.overridable[name] = valueAt(name, (rest >> 7) & 31);
  if (((rest >> 12) & 7) === 0 && settingOf(name).isOwnList !== true) word.locked.push(name);
}

type Sayings = Partial<Record<SettingName, number | string[]>>;

export const anyWord: fc.Arbitrary<PolicyWord> = fc
  .array(fc.nat({ max: drawnNames.length * 32_768 - 1 }), { maxLength: 8 })
  .map((drawn) => {
    const word = { values: {}, overridable: {}, locked: [] };
    for (const one of drawn) say(word, one);
    return word;
  });

const origins: readonly PolicyOrigin[] = [
  { level: 'platform', accountId: 'acc_0' },
  { level: 'plan', accountId: 'acc_1', planId: 'pln_1', setById: 'acc_0' },
  { level: 'account', accountId: 'acc_1', by: 'above', setById: 'acc_0' },
  { level: 'account', accountId: 'acc_1', by: 'self' },
  { level: 'region', accountId: 'acc_1', region: 'eu', setById: 'acc_0' },
  { level: 'region', accountId: 'acc_1', region: 'eu' },
  { level: 'plan', accountId: 'acc_2', planId: 'pln_2', setById: 'acc_0' },
  { level: 'account', accountId: 'acc_2', by: 'above', setById: 'acc_0' },
  { level: 'plan', accountId: 'acc_2', planId: 'pln_3', setById: 'acc_1' },
  { level: 'account', accountId: 'acc_2', by: 'above', setById: 'acc_1' },
  { level: 'application', accountId: 'acc_2', applicationId: 'app_1', setById: 'acc_0' },
  { level: 'application', accountId: 'acc_2', applicationId: 'app_1' },
  { level: 'instanceType', accountId: 'acc_2', applicationId: 'app_1', instanceType: 'free' },
  { level: 'endpoint', accountId: 'acc_2', endpoint: 'user:bob' },
  { level: 'credential', accountId: 'acc_2', credentialId: 'crd_1' },
];

/** A chain of one to fifteen levels, each with a random policy. */
export const anyChain: fc.Arbitrary<PolicyChain> = fc
  .subarray([...origins], { minLength: 1 })
  .chain((chosen) => fc.tuple(...chosen.map((origin) => levelAt(origin))));

const levelAt = (origin: PolicyOrigin): fc.Arbitrary<PolicyLevel> =>
  fc
    .record({ word: anyWord, timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Tokyo') })
    .map(({ word, timeZone }) => ({ origin, timeZone, speakerDepth: depthOf(origin), ...word }));

/** Of whoever says it: `acc_1` stands one below the platform. */
const depthOf = (origin: PolicyOrigin): number =>
  Number((('setById' in origin ? origin.setById : undefined) ?? origin.accountId).slice('acc_'.length));

/** 2027-01-15, a Friday, and the two weeks from then on. */
const EARLIEST_MS = 1_800_000_000_000;

export const anyRequest: fc.Arbitrary<PolicyRequest> = fc.record({
  verifier: fc.constantFrom('relay', 'signaling', 'api'),
  atMs: fc.integer({ min: EARLIEST_MS, max: EARLIEST_MS + 14 * 86_400_000 }),
  service: fc.constantFrom('network-discovery', 'signaling'),
  region: fc.option(fc.constantFrom(...regions), { nil: undefined }),
  sourceIp: fc.option(fc.constantFrom('10.1.2.3', '10.2.3.4', '192.0.2.1', '2001:db8::1', '203.0.113.1'), {
    nil: undefined,
  }),
  mediaKinds: fc.option(fc.subarray(['audio', 'video', 'screen']), { nil: undefined }),
  features: fc.option(fc.subarray(features, { maxLength: 2 }), { nil: undefined }),
  country: fc.constantFrom(undefined, ...countries),
  deviceKind: fc.constantFrom(undefined, 'desktop', 'mobile', 'server', 'other'),
  codecs: fc.option(fc.array(fc.subarray(codecs, { minLength: 1 }), { maxLength: 2 }), { nil: undefined }),
  participantCount: fc.constantFrom(undefined, 2, 3),
});

/** A level that says this, for tests by hand. */
export const level = (
  origin: PolicyOrigin,
  word: Partial<PolicyWord> = {},
  timeZone = 'UTC',
): PolicyLevel => ({
  origin,
  timeZone,
  values: {},
  locked: [],
  overridable: {},
  ...word,
});

export const platform: PolicyOrigin = { level: 'platform', accountId: 'acc_0' };
export const account = (accountId: string, by: 'above' | 'self' = 'self'): PolicyOrigin => ({
  level: 'account',
  accountId,
  by,
});
