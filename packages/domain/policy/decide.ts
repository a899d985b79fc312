import { cidrsContain } from '@patchbay/kit/cidr';
import { z } from 'zod';
import {
  type AnyValue,
  type EffectivePolicy,
  type EffectiveSetting,
  effectivePolicy,
} from './effective-policy.ts';
import {
  holdOf,
  levelText,
  type PolicyChain,
  type PolicyHoldKind,
  type PolicyOrigin,
  scopeOf,
  setterText,
  visibleTriggerId,
} from './policy-level.ts';
import { serviceStanding } from './service-standing.ts';
import {
  type CountedSettingName,
  countedSettingNames,
  type PolicyVerifier,
  type SettingName,
  settingNames,
  settingOf,
  settings,
} from './settings.ts';
import { isOpenAt, opensAtMs, type WeeklyTimes } from './weekly-times.ts';

/** What somebody wants to do. What is left out does not matter where it is asked, and no setting refuses for it. */
export interface PolicyRequest {
  /** Who asks: settings that it does not decide by are left to whoever does. */
  readonly verifier: PolicyVerifier;
  readonly atMs: number;
  /** Such as `network-discovery`. */
  readonly service: string;
  /** Of the node that asks. */
  readonly region?: string | undefined;
  readonly sourceIp?: string | undefined;
  /** What of services it takes, such as `network-discovery.relay`. */
  readonly features?: readonly string[] | undefined;
  /** Where `sourceIp` is; UNKNOWN_COUNTRY where no table says it. */
  readonly country?: string | undefined;
  readonly deviceKind?: string | undefined;
  readonly mediaKinds?: readonly string[] | undefined;
  /** Of each stream of a call, what it may be coded with. */
  readonly codecs?: readonly (readonly string[])[] | undefined;
  /** How many there would be in the call. */
  readonly participantCount?: number | undefined;
  /** Of a relay: whether it is asked for a call, in which signaling sees to what a relay cannot see. */
  readonly isOfCall?: boolean | undefined;
  /** Of the counted settings along the chain, those with nothing left. */
  readonly spent?: readonly SpentBudget[] | undefined;
}

/** A counted setting of which nothing is left at some level. */
export const spentBudgetSchema = z.object({
  setting: z.enum(countedSettingNames),
  /** What is counted together: see `scopeOf`. */
  scope: z.string().max(500),
  /** The limit that is reached: levels with one scope may have several. Absent where there is one alone. */
  max: z.number().optional(),
  /** When it begins anew. Absent where that depends on others, as with sessions at the same time. */
  resetsAtMs: z.int().optional(),
  /** Absent: for all. A credit may be for some services alone. */
  services: z.array(z.string().max(64)).max(64).optional(),
});
export type SpentBudget = z.output<typeof spentBudgetSchema>;

export type CountedRefusalCode = 'limit.exceeded' | 'balance.used_up';

/** What a counted setting of which nothing is left refuses with: of a balance, more can be bought. */
export const countedRefusalCode = (setting: SettingName): CountedRefusalCode =>
  setting === 'prepaidBalance' ? 'balance.used_up' : 'limit.exceeded';

export interface PolicyRefusal {
  readonly kind: 'refused';
  readonly setting: SettingName;
  /** The level that refuses. */
  readonly origin: PolicyOrigin;
  readonly code: 'policy.refused' | 'service.not_enabled' | CountedRefusalCode;
  readonly retryAfterMs?: number | undefined;
}

export type Decision = { readonly kind: 'allowed'; readonly policy: EffectivePolicy } | PolicyRefusal;

const namesDecidedBy = (verifier: PolicyVerifier): readonly SettingName[] =>
  settingNames.filter((name) => settingOf(name).decidedBy.includes(verifier));

/** The settings that each verifier decides by, in the order of their table. */
const settingNamesOf: Readonly<Record<PolicyVerifier, readonly SettingName[]>> = {
  api: namesDecidedBy('api'),
  key: namesDecidedBy('key'),
  credential: namesDecidedBy('credential'),
  relay: namesDecidedBy('relay'),
  signaling: namesDecidedBy('signaling'),
};

/**
 * Whether a chain of levels allows a request (POL-4): the one function for dispatch, minting, relays and signaling.
 * Settings are looked at in the order of their table, and the first that refuses is named.
 */
export function decide(chain: PolicyChain, request: PolicyRequest): Decision {
  const policy = effectivePolicy(chain);
  for (const name of settingNamesOf[request.verifier]) {
    const setting = policy[name] as EffectiveSetting | undefined;
    // An account can turn a service off that no level asks it to turn on.
    if (setting === undefined && name !== 'servicesToEnable') continue;
    const refusal =
      setting === undefined || name === 'servicesToEnable'
        ? refusalOfService(chain, request)
        : refusalOf(name, { setting, chain, request });
    if (refusal !== undefined) return refusal;
  }
  return { kind: 'allowed', policy };
}

function refusalOfService(chain: PolicyChain, { service }: PolicyRequest): PolicyRefusal | undefined {
  const standing = serviceStanding(chain, service);
  if (standing.isOn) return undefined;
  const { origin } = standing;
  return { kind: 'refused', code: 'service.not_enabled', setting: 'servicesToEnable', origin };
}

interface Frame {
  readonly setting: EffectiveSetting;
  readonly chain: PolicyChain;
  readonly request: PolicyRequest;
}

function refusalOf(name: SettingName, { setting, chain, request }: Frame): PolicyRefusal | undefined {
  const { counts } = countsOf(name);
  if (counts !== undefined) return refusalOfSpent(name, { chain, request });
  if (admits(name, setting.value, request)) return undefined;
  const origin = refusingOrigin(name, setting, request);
  return {
    kind: 'refused',
    code: 'policy.refused',
    setting: name,
    origin,
    ...retryOf(setting.value, request),
  };
}

const countsOf = (name: SettingName) => {
  const setting = settingOf(name);
  return { counts: setting.merge === 'narrowest' ? setting.counts : undefined };
};

/** Whether a value lets a request pass. */
export function admits(name: SettingName, value: AnyValue, request: PolicyRequest): boolean {
  const { service, region, sourceIp, atMs } = request;
  switch (name) {
    case 'services':
      return holds(value, service);
    case 'servicesToEnable':
      // Where no account along the chain has turned it on or off.
      return !holds(value, service);
    case 'regions':
    case 'dataRegions':
      return region === undefined || holds(value, region);
    case 'sourceNetworks':
    case 'keyAllowList':
    case 'clientAllowList':
      return sourceIp === undefined || cidrsContain(value as readonly string[], sourceIp);
    case 'features':
      return (request.features ?? []).every((feature) => holds(value, feature));
    case 'countries':
      return request.country === undefined || holds(value, request.country);
    case 'deviceKinds':
      return deviceKindsOf(request).every((kind) => holds(value, kind));
    case 'mediaKinds':
      return mediaKindsOf(request).every((kind) => holds(value, kind));
    case 'codecs':
      return codecsOf(request).every((stream) => stream.some((codec) => holds(value, codec)));
    case 'participantsMax':
      return (request.participantCount ?? 0) <= (value as number);
    case 'times':
      return (value as readonly WeeklyTimes[]).every((times) => isOpenAt(times, atMs));
    default:
      // What bounds a request and does not refuse it, and what is counted by others.
      return true;
  }
}

/** A relay carries ciphertext, and no client of it says what it runs on: outside of a call it may be anything. */
const isUnseen = ({ verifier, isOfCall }: PolicyRequest) => verifier === 'relay' && isOfCall !== true;

const mediaKindsOf = (request: PolicyRequest): readonly string[] =>
  isUnseen(request) ? settings.mediaKinds.choices : (request.mediaKinds ?? []);

const codecsOf = (request: PolicyRequest): readonly (readonly string[])[] =>
  isUnseen(request) ? settings.codecs.choices.map((codec) => [codec]) : (request.codecs ?? []);

function deviceKindsOf(request: PolicyRequest): readonly string[] {
  if (isUnseen(request)) return settings.deviceKinds.choices;
  return request.deviceKind === undefined ? [] : [request.deviceKind];
}

const holds = (value: AnyValue, item: string): boolean => (value as readonly string[]).includes(item);

/** The first level from which on the request was refused: below it nothing let it pass again. */
function refusingOrigin(
  name: SettingName,
  { steps, origin }: EffectiveSetting,
  request: PolicyRequest,
): PolicyOrigin {
  let refusing = origin;
  for (const step of [...steps].reverse()) {
    if (admits(name, step.value, request)) break;
    refusing = step.origin;
  }
  return refusing;
}

function retryOf(value: AnyValue, { atMs }: PolicyRequest): { readonly retryAfterMs?: number } {
  if (typeof value === 'number') return {};
  const [first] = value;
  if (first === undefined || typeof first === 'string') return {};
  const closed = (value as readonly WeeklyTimes[]).filter((times) => !isOpenAt(times, atMs));
  const opens = closed.map((times) => opensAtMs(times, atMs) ?? Number.POSITIVE_INFINITY);
  const retryAfterMs = Math.max(...opens) - atMs;
  return Number.isFinite(retryAfterMs) ? { retryAfterMs } : {};
}

/** A counted setting holds at each level by itself: over all that is at and below it. */
function refusalOfSpent(
  setting: SettingName,
  { chain, request: { service, atMs, spent = [] } }: Omit<Frame, 'setting'>,
): PolicyRefusal | undefined {
  if (spent.length === 0) return undefined;
  const { counts } = countsOf(setting);
  if (counts?.what === 'usage' && !counts.meter.startsWith(`${service}.`)) return undefined;
  for (const budget of budgetsOf(chain)) {
    if (budget.setting !== setting) continue;
    const used = spent.find(
      (one) =>
        one.setting === setting &&
        one.scope === budget.scope &&
        budget.max <= (one.max ?? Number.POSITIVE_INFINITY) &&
        // Of two levels with one limit, each has its own days: what is over of one is no end of the other.
        (one.resetsAtMs ?? Number.POSITIVE_INFINITY) > atMs &&
        (one.services === undefined || one.services.includes(service)),
    );
    if (used === undefined) continue;
    const retry = used.resetsAtMs === undefined ? {} : { retryAfterMs: used.resetsAtMs - atMs };
    return { kind: 'refused', code: countedRefusalCode(setting), setting, origin: budget.origin, ...retry };
  }
  return undefined;
}

/** So much may be counted at one level, over all that is at and below it. */
export interface Budget {
  readonly setting: CountedSettingName;
  readonly scope: string;
  readonly max: number;
  readonly origin: PolicyOrigin;
  /** Whose days and months they are. */
  readonly timeZone: string;
}

const knownBudgets = new WeakMap<PolicyChain, readonly Budget[]>();

/**
 * What a request is counted against. Of those of one setting the first that is reached is the one to name: the level whose
 * word holds is what explains the policy, and after it come the others, the narrowest first. Where a level lets those below
 * have more than it says, it bounds all of them together by what it lets them have.
 */
export function budgetsOf(chain: PolicyChain): readonly Budget[] {
  const before = knownBudgets.get(chain);
  if (before !== undefined) return before;
  const policy = effectivePolicy(chain);
  const budgets = settingNames.flatMap((name) => {
    if (countsOf(name).counts === undefined) return [];
    const setting = policy[name] as EffectiveSetting | undefined;
    return (setting?.wanted ?? [])
      .filter(({ verdict }) => verdict !== 'locked')
      .map(
        ({ origin, value, overridable }): Budget => ({
          setting: name as CountedSettingName,
          scope: scopeOf(origin),
          max: Math.max(value as number, (overridable as number | undefined) ?? 0),
          origin,
          timeZone: chain.find((level) => level.origin === origin)?.timeZone ?? 'UTC',
        }),
      )
      .toSorted(
        (one, other) =>
          Number(other.origin === setting?.origin) - Number(one.origin === setting?.origin) ||
          one.max - other.max,
      );
  });
  knownBudgets.set(chain, budgets);
  return budgets;
}

/** For a person: what refused, and where. `visibleIds`: the accounts that whoever reads it may see. */
export function refusalText(
  { setting, origin, code }: Pick<PolicyRefusal, 'setting' | 'origin' | 'code'>,
  visibleIds: readonly string[],
): string {
  const level = levelText(origin, visibleIds);
  const as = asText(origin, visibleIds);
  switch (code) {
    case 'limit.exceeded':
      return `${setting} is reached, as ${as}.`;
    case 'balance.used_up':
      return `The balance of ${level} is used up, or held by sessions: add money.`;
    case 'service.not_enabled':
      return origin.level === 'access'
        ? `The service is turned off, as ${setText(origin, visibleIds)}.`
        : `The service has to be enabled first, as ${setText(origin, visibleIds)}.`;
    case 'policy.refused':
      return `${setting} does not allow it, as ${as}.`;
  }
}

/** For who is cut off in the middle: what refused, and when what is used up begins anew. */
export const endingText = (refusal: string, resetsAtMs: number | undefined): string =>
  resetsAtMs === undefined ? refusal : `${refusal} It begins anew at ${new Date(resetsAtMs).toISOString()}.`;

/** What was set for an account from above says so: that account would look in vain for where it could change it (POL-2). */
function setText(origin: PolicyOrigin, visibleIds: readonly string[]): string {
  const level = levelText(origin, visibleIds);
  const setter = setterText(origin, visibleIds);
  return setter === undefined ? `set at ${level}` : `set for ${level} by ${setter}`;
}

/** What is held says so: whoever reads that it was set would look in vain for who set it (POL-2). */
export function asText(origin: PolicyOrigin, visibleIds: readonly string[]): string {
  const level = levelText(origin, visibleIds);
  const hold = holdOf(origin);
  switch (hold?.kind) {
    case undefined:
      return setText(origin, visibleIds);
    case 'overdue':
      return `held at ${level} by ${holders.overdue}`;
    case 'trigger': {
      const triggerId = visibleTriggerId(origin, visibleIds);
      return `held at ${level} by ${triggerId === undefined ? holders.trigger : `trigger ${triggerId}`}`;
    }
  }
}

const holders: Readonly<Record<PolicyHoldKind, string>> = {
  trigger: 'a trigger of an account above',
  overdue: 'an invoice that is overdue',
};

/** What to do about what is held: to change the policy of the level would change nothing. */
export const heldRemedies: Readonly<Record<PolicyHoldKind, string>> = {
  trigger:
    'Wait until the window of the trigger ends, or ask whoever set it, who can reset it. `level` names what it holds.',
  overdue: 'Pay the invoice that is overdue, or ask whoever issued it. `level` names what is held.',
};

/** What to do about what was set for an account from above: to whoever `level` names it is no use to change their own policy. */
const remedyAbove = (code: PolicyRefusal['code']): string => {
  const ask = code === 'limit.exceeded' ? 'Wait for the time in Retry-After, or ask' : 'Ask';
  return `${ask} the account above that set it. \`level\` names for whom it is set, which cannot take it back.`;
};

/** What helps against what refused here, where the page of its code would lead astray. */
export function remedyOf(code: PolicyRefusal['code'], detail: string): string | undefined {
  const said = readRefusalText(detail);
  if (said?.heldBy !== undefined) return heldRemedies[said.heldBy];
  return said?.isFromAbove === true ? remedyAbove(code) : undefined;
}

/** Where it was set, or what holds it there. A level may be any id or name. */
const where =
  /as (?:set at (?<at>.+)|set for (?<target>.+) by (?:an account above|\S+)|held at (?<place>.+) by (?<holder>a trigger of an account above|trigger \S+|an invoice that is overdue))\.$/
    .source;

/** A setting is a name of the table. */
const saidTexts: readonly (readonly [RegExp, (setting: string) => string])[] = [
  [new RegExp(`(?:^|: )(?<said>\\w+) (?:is reached|does not allow it), ${where}`), (setting) => setting],
  [
    /(?:^|: )(?<said>The balance) of (?<at>.+) is used up, or held by sessions: add money\.$/,
    () => 'prepaidBalance',
  ],
  [
    new RegExp(`(?:^|: )(?<said>The service) (?:is turned off|has to be enabled first), ${where}`),
    () => 'servicesToEnable',
  ],
];

interface SaidRefusal {
  readonly setting: SettingName;
  readonly level: string;
  readonly heldBy?: PolicyHoldKind;
  /** An account above set it for that of `level`. */
  readonly isFromAbove?: true;
}

/** What a refusal says, read back from a log, which keeps its text alone; undefined of any other text. */
export function readRefusalText(text: string): SaidRefusal | undefined {
  const refusal = text.replace(/ It begins anew at \S+\.$/, '');
  for (const [pattern, settingOfText] of saidTexts) {
    const { said, at, target, place, holder } = pattern.exec(refusal)?.groups ?? {};
    const level = at ?? target ?? place;
    if (said === undefined || level === undefined) continue;
    const setting = settingNames.find((name) => name === settingOfText(said));
    if (setting === undefined) continue;
    if (target !== undefined) return { setting, level, isFromAbove: true };
    if (holder === undefined) return { setting, level };
    return { setting, level, heldBy: holder === holders.overdue ? 'overdue' : 'trigger' };
  }
  return undefined;
}
