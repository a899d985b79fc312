import type { DimensionValues } from '@patchbay/kit/definition';
import { isId } from '@patchbay/kit/ids';
import { readIdentifier } from '../endpoints/identifier.ts';
import type { Dimensions } from '../metering/usage-record.ts';
import type { Counter } from './definition.ts';
import { measures } from './measures.ts';
import type { TriggersPorts } from './ports.ts';
import { isWholeAccount, type Target } from './trigger.ts';

/** Why nothing counts what is named, or undefined. It says what there is: a trigger that never fires is no trigger. */
export function refuseCounter(
  counter: Counter,
  target: Target,
  {
    catalogue,
    events,
    isPlatform,
  }: Pick<TriggersPorts, 'catalogue' | 'events'> & { readonly isPlatform: boolean },
): string | undefined {
  const { where = {} } = counter;
  if ('measure' in counter) {
    // What there is, no customer is told.
    if (!isPlatform || !isWholeAccount(target))
      return '/counter/measure: nothing that this account may count.';
    return Object.hasOwn(measures, counter.measure)
      ? undefined
      : `/counter/measure: ${counter.measure} is none of ${Object.keys(measures).join(', ')}.`;
  }
  if ('event' in counter) {
    const fields = events.get(counter.event);
    if (fields === undefined)
      return `/counter/event: ${counter.event} is none of ${[...events.keys()].join(', ')}.`;
    return (target.endpointId ?? target.credentialId) === undefined
      ? refuseWhere(where, counter.event, fields)
      : '/target: events are of an account, an application or a session.';
  }
  const meter = catalogue.get(counter.meter);
  if (meter === undefined)
    return `/counter/meter: ${counter.meter} is none of ${[...catalogue.keys()].join(', ')}.`;
  return refuseWhere(where, counter.meter, meter.dimensions);
}

function refuseWhere(
  where: Dimensions,
  counted: string,
  declared: Readonly<Record<string, DimensionValues>>,
): string | undefined {
  for (const [name, value] of Object.entries(where)) {
    const values = Object.hasOwn(declared, name) ? declared[name] : undefined;
    const names = Object.keys(declared);
    if (values === undefined) {
      const has = names.length === 0 ? 'nothing that it could be told apart by' : names.join(', ');
      return `/counter/where: ${counted} has no ${name}. It has ${has}.`;
    }
    if (values !== 'open' && !values.includes(value))
      return `/counter/where/${name}: it is never ${value}, but one of ${values.join(', ')}.`;
  }
  return undefined;
}

/** A target as usage names it, or why there is none. */
export async function namedTarget(
  target: Target,
  { targets }: Pick<TriggersPorts, 'targets'>,
): Promise<Target | string> {
  const { endpointId, credentialId, sessionId } = target;
  if (credentialId !== undefined && !isId('crd', credentialId) && !isId('key', credentialId))
    return '/target/credentialId: a credential is named as usage names it, crd_… with 24 characters, or by the key that is used itself, key_….';
  const named: Awaited<ReturnType<TriggersPorts['targets']['named']>> =
    (endpointId ?? sessionId) === undefined ? { isSessionKnown: true } : await targets.named(target);
  if (!named.isSessionKnown)
    return `/target/sessionId: nobody of ${target.accountId} takes part in a session ${sessionId}.`;
  if (endpointId === undefined || named.endpointId !== undefined) return { ...target, ...endpointOf(named) };
  // Whoever a credential names is an endpoint by that name, whether or not the account has made anything of it.
  const read = readIdentifier(endpointId);
  if ('problem' in read)
    return `/target/endpointId: it is an endpoint's id, or its identifier. ${read.problem}`;
  if (read.namespace === 'user') return { ...target, endpointId: read.text };
  return `/target/endpointId: ${target.accountId} has no endpoint ${endpointId}.`;
}

const endpointOf = ({ endpointId }: { readonly endpointId?: string | undefined }) =>
  endpointId === undefined ? {} : { endpointId };
