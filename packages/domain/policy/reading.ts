import type { Actor, Entity } from '@patchbay/kit/definition';
import { platformError, type ServiceError } from '@patchbay/kit/errors';
import { readIdentifier } from '../endpoints/identifier.ts';
import { notYours, speakerAmong } from '../tenancy/caller.ts';
import { operationOf } from '../tenancy/scopes.ts';
import { policy } from './definition.ts';
import { type AnyValue, boundsOf, type EffectiveSetting, effectivePolicy } from './effective-policy.ts';
import { originOf, type PolicyPlace, policyChain, type StoredPolicy } from './policy-chain.ts';
import {
  holdOf,
  isSetterHidden,
  type PolicyChain,
  type PolicyOrigin,
  type PolicyWord,
  scopeOf,
  silent,
  visibleTriggerId,
} from './policy-level.ts';
import type { PolicyPorts } from './ports.ts';
import { settingNames } from './settings.ts';
import { toWritten } from './written-word.ts';

const setting = operationOf(policy, 'policy', 'set');

/** Everything that is known of one place of an account, as one caller sees it. */
export interface Reading {
  readonly accountId: string;
  readonly place: PolicyPlace;
  readonly by: 'above' | 'self';
  /** Whose word it is, if it is one from above. */
  readonly setById?: string;
  /**
   * Whose words the caller may set at the place: of the accounts above, from the one that it speaks as down to the nearest, or
   * the account itself.
   */
  readonly speakerIds: readonly string[];
  /** The accounts of the chain that the caller sees. */
  readonly visibleIds: readonly string[];
  readonly accountChain: readonly string[];
  readonly stored: readonly StoredPolicy[];
  readonly origin: PolicyOrigin;
  readonly word: PolicyWord;
  /** Of the account whose word it is: times and days of it are those of this zone. */
  readonly timeZone: string;
}

interface Asked {
  readonly entity: Entity;
  readonly actor: Actor;
  readonly error: (code: 'resource.unknown', publicDetail: string) => ServiceError;
}

/** A place, and whose word of it: absent, that of the highest account that the caller may speak for. */
type PlaceRequest = PolicyPlace & { readonly from?: string | undefined };

export async function readPlace(
  { entity, actor, error }: Asked,
  request: PlaceRequest,
  ports: Pick<PolicyPorts, 'policies' | 'applications' | 'caller'>,
): Promise<Reading> {
  const { accountId, chain: accountChain } = entity;
  const place = await checkedPlace(accountId, { request, error }, ports);
  const { visibleChain: visibleIds, speakers } = await ports.caller(accountChain, actor);
  const speakerIds = speakers(setting);
  const from = speakerAmong(speakerIds, request.from);
  if (from === undefined) throw error('resource.unknown', notYours(request.from ?? accountId));
  const said = from === accountId ? ({ by: 'self' } as const) : ({ by: 'above', setById: from } as const);
  const stored = await ports.policies.chain({ accountId });
  const timeZone = await ports.policies.timeZone({ accountId: from });
  const row = stored.find((one) => isAtPlace(one, { accountId, ...said, place }));
  const origin = originOf({ accountId, ...said, ...place }, accountChain.length - 1);
  const word = row?.word ?? silent;
  return { accountId, place, ...said, speakerIds, visibleIds, accountChain, stored, origin, word, timeZone };
}

async function checkedPlace(
  accountId: string,
  { request, error }: { readonly request: PolicyPlace; readonly error: Asked['error'] },
  { applications }: Pick<PolicyPorts, 'applications'>,
): Promise<PolicyPlace> {
  const { applicationId, instanceType, region, endpoint } = request;
  const placeCount = [applicationId, region, endpoint].filter((id) => id !== undefined).length;
  if (placeCount > 1)
    throw platformError('request.invalid', 'Name one place: an application, a region or an endpoint.');
  if (region !== undefined) return { region };
  if (endpoint !== undefined) {
    const read = readIdentifier(endpoint);
    if ('problem' in read) throw platformError('request.invalid', `/endpoint: ${read.problem}`);
    // Requests are decided by the one form of what they name: another would be set and never hold.
    return { endpoint: read.text };
  }
  if (applicationId === undefined) {
    if (instanceType === undefined) return {};
    throw platformError('request.invalid', '/applicationId: an instance type is one of an application.');
  }
  const application = await applications.find({ accountId, applicationId });
  if (application === undefined)
    throw error('resource.unknown', `This account has no application ${applicationId}.`);
  if (instanceType === undefined) return { applicationId };
  if (!application.instanceTypes.includes(instanceType))
    throw platformError(
      'application.instance_type_unknown',
      `Application ${applicationId} has no instance type ${instanceType}.`,
    );
  return { applicationId, instanceType };
}

const isAtPlace = (
  row: StoredPolicy,
  { accountId, by, setById, place }: Pick<Reading, 'accountId' | 'by' | 'setById' | 'place'>,
): boolean =>
  row.accountId === accountId &&
  row.heldBy === undefined &&
  row.by === by &&
  row.setById === setById &&
  row.region === place.region &&
  row.endpoint === place.endpoint &&
  row.applicationId === place.applicationId &&
  row.instanceType === place.instanceType;

/** What is stored, as if this were said at the place. */
export function withWord(
  reading: Reading,
  stored: readonly StoredPolicy[],
  word: PolicyWord,
): StoredPolicy[] {
  const { accountId, by, setById, place, timeZone } = reading;
  const said = { accountId, timeZone, by, setById, ...place, word };
  return [...stored.filter((row) => !isAtPlace(row, reading)), said];
}

/** The levels from the top down to the place itself, as if this were said there. */
export function chainToPlace(reading: Reading, word: PolicyWord): PolicyChain {
  const { accountChain, stored, place, origin } = reading;
  const chain = policyChain({ chain: accountChain, ...place }, withWord(reading, stored, word));
  const end = chain.findIndex((level) => JSON.stringify(level.origin) === JSON.stringify(origin));
  return chain.slice(0, end + 1);
}

/** The whole chain of the place, with what stands below it at the same account. */
export const wholeChain = ({ accountChain, stored, place }: Reading): PolicyChain =>
  policyChain({ chain: accountChain, ...place }, stored);

/**
 * Whoever asks is told of the accounts that they see, and of others that there is such a level: neither whose it is nor how far
 * above, as that would count who stands there (C1).
 */
export function visibleOrigin(origin: PolicyOrigin, visibleIds: readonly string[]) {
  const { level, accountId } = origin;
  if (!visibleIds.includes(accountId)) return { level, ...heldAs(origin, visibleIds) };
  if (origin.level === 'credential') return { level, accountId, ...heldAs(origin, visibleIds) };
  // The account that has a plan knows that there is one, and what it holds it to.
  if (origin.level === 'plan' && isSetterHidden(origin, visibleIds)) return { level, accountId };
  return withoutHold(origin, visibleIds);
}

/** A hold as it is told: that there is one, from above whatever set it, and which trigger for who may see that (TRG-2). */
function heldAs(origin: PolicyOrigin, visibleIds: readonly string[]) {
  const hold = holdOf(origin);
  if (hold === undefined) return {};
  const triggerId = visibleTriggerId(origin, visibleIds);
  const by = 'above' as const;
  return { by, isHeld: true, heldBy: hold.kind, ...(triggerId === undefined ? {} : { triggerId }) };
}

function withoutHold(origin: PolicyOrigin, visibleIds: readonly string[]) {
  const { heldBy: _, setById, ...place } = { heldBy: undefined, setById: undefined, ...origin };
  const by = setById === undefined || origin.level === 'plan' ? {} : ({ by: 'above' } as const);
  const set = setById === undefined || isSetterHidden(origin, visibleIds) ? {} : { setById };
  return { ...place, ...by, ...set, ...heldAs(origin, visibleIds) };
}

export function toAnswer(reading: Reading) {
  const { visibleIds, speakerIds, origin, word } = reading;
  const chain = wholeChain(reading);
  const policy = effectivePolicy(chain);
  const above = effectivePolicy(boundsOf(chainToPlace(reading, silent)));
  const seen = (of: PolicyOrigin) => visibleOrigin(of, visibleIds);
  const effective = settingNames.flatMap((setting) => {
    const held = policy[setting] as EffectiveSetting | undefined;
    const lockedBy = held?.lockedBy ?? chain.find(({ locked }) => locked.includes(setting))?.origin;
    if (held === undefined && lockedBy === undefined) return [];
    const ceiling = (above[setting] as EffectiveSetting | undefined)?.ceiling;
    return [
      {
        setting,
        ...(held === undefined ? {} : { value: plain(held.value), origin: seen(held.origin) }),
        ...(ceiling === undefined ? {} : { ceiling: plain(ceiling) }),
        ...(lockedBy === undefined ? {} : { lockedBy: seen(lockedBy) }),
        wanted: (held?.wanted ?? []).map(({ overridable, value, ...wanted }) => ({
          ...wanted,
          origin: seen(wanted.origin),
          value: plain(value),
          ...(overridable === undefined ? {} : { overridable: plain(overridable) }),
        })),
      },
    ];
  });
  return {
    origin: seen(origin),
    stored: toWritten(word),
    speakerIds: [...speakerIds],
    fromAbove: saidAbove(origin, chain).map(({ origin: of, ...said }) => ({
      origin: seen(of),
      policy: toWritten(said),
    })),
    effective,
  };
}

/** What those above set at the place that was asked about, the farthest first. */
const saidAbove = (asked: PolicyOrigin, chain: PolicyChain): PolicyChain =>
  chain.filter(
    ({ origin }) =>
      origin.level === asked.level &&
      origin.level !== 'plan' &&
      'setById' in origin &&
      origin.setById !== undefined &&
      scopeOf(origin) === scopeOf(asked) &&
      holdOf(origin) === undefined,
  );

type Plain = number | string[] | { timeZone: string; windows: string[] }[];

/** As an answer carries it. */
function plain(value: AnyValue): Plain {
  if (typeof value === 'number') return value;
  const items: readonly unknown[] = value;
  const isTimes = items.some((item) => typeof item === 'object');
  return isTimes
    ? (items as readonly { timeZone: string; windows: readonly string[] }[]).map((times) => ({
        timeZone: times.timeZone,
        windows: [...times.windows],
      }))
    : [...(items as readonly string[])];
}
