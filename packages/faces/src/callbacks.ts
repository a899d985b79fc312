import { loopIn, loopText } from '@patchbay/domain/hooks/callback-loop';
import type { Callback, CallbackPlace, SetCallback } from '@patchbay/domain/hooks/callbacks';
import type { HooksPorts } from '@patchbay/domain/hooks/ports';
import { isServiceTarget, readTarget, refusalOfTarget } from '@patchbay/domain/hooks/service-target';
import { type Entity, prepared } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import { isChanged } from '@patchbay/kit/is-changed';
import { declaredPayloadOf } from './event-catalogue.ts';
import { cablesOf, eventTakers, takerOf } from './event-takers.ts';
import type { Platform } from './platform.ts';
import { refuseChanged } from './precondition.ts';

interface Context {
  readonly entity: Entity;
  readonly ifMatch?: string | undefined;
  /** Whether the caller may do something else here, by its name. */
  readonly mayCall: (operation: string) => boolean;
  readonly audit: (change: { target: string; before: unknown; after: unknown }) => void;
}

type Ports = Pick<HooksPorts, 'callbacks' | 'endpoints'>;
interface CallbackParts {
  readonly ports: () => Ports;
  readonly emit: Platform['emit'];
}

type Answer = { readonly callbacks: readonly Readonly<Record<string, unknown>>[] };

/** An endpoint has its own, whatever its application. */
const placeOf = (
  { accountId, applicationId, instanceType, endpointId }: Entity,
  service: string,
): CallbackPlace => ({
  accountId,
  service,
  ...(endpointId === undefined ? { applicationId, instanceType } : { endpointId }),
});

const told = ({ webhookId, url, fallbackUrl, events, state }: SetCallback) => ({
  webhookId,
  url,
  ...(fallbackUrl === undefined ? {} : { fallbackUrl }),
  events: [...events],
  state,
});

const urlsOf = ({ url, fallbackUrl = url }: Callback): readonly string[] => [...new Set([url, fallbackUrl])];

/** What would fail at each event is refused before the first (HKS-4). */
function refuseTarget(
  url: string,
  {
    service,
    events,
    mayCall,
  }: Pick<Context, 'mayCall'> & { readonly service: string; readonly events: readonly string[] },
): void {
  const target = readTarget(url, eventTakers);
  const declared = events.flatMap((event) => {
    const payload = declaredPayloadOf(`${service}.${event}`);
    return payload === undefined ? [] : [[`${service}.${event}`, payload] as const];
  });
  const problem =
    'problem' in target ? target.problem : refusalOfTarget(target, Object.fromEntries(declared));
  if (problem !== undefined)
    throw platformError('callback.service_refused', `/callbacks: ${url}: ${problem}.`);
  // By a callback nobody comes to what their own key may not do.
  const taker = 'problem' in target ? undefined : takerOf(target);
  if (taker !== undefined && !mayCall(`${taker.mounted.group}.${taker.mounted.name}`))
    throw platformError(
      'auth.scope',
      `/callbacks: ${url}: this needs the scope ${taker.mounted.scopeName}:${taker.mounted.name} as well.`,
    );
}

function refuseLoop(callbacks: readonly Callback[]): void {
  const loop = loopIn(callbacks.flatMap(cablesOf));
  if (loop !== undefined) throw platformError('callback.loop', `/callbacks: ${loopText(loop)}.`);
}

/** Serves the callbacks that a configuration of a service names (HKS-1): kit/service-resources.ts declares them. */
export function callbackHandlers(service: string, { ports, emit }: CallbackParts) {
  const read = async ({ entity }: Context): Promise<Answer> => ({
    callbacks: (await ports().callbacks.list(placeOf(entity, service))).map(told),
  });

  // A name server of somebody's is asked: that may take long, and holds no connection.
  const write = prepared(
    async ({ entity, audit, ifMatch, mayCall }: Context, request: Readonly<Record<string, unknown>>) => {
      // The schema of the request was held against it before.
      const wanted = request.callbacks as readonly Callback[];
      const targets = wanted.flatMap((callback) =>
        urlsOf(callback).map((url) => ({ url, events: callback.events })),
      );
      for (const { url: address, events } of targets) {
        if (isServiceTarget(address)) {
          refuseTarget(address, { service, events, mayCall });
          continue;
        }
        const refusal = await ports().endpoints.refusalOf(address);
        if (refusal !== undefined)
          throw platformError('callback.address_forbidden', `/callbacks: ${address}: ${refusal}.`);
      }
      return async (): Promise<Answer> => {
        const replaced = await ports().callbacks.replace(placeOf(entity, service), wanted);
        if (replaced === 'unknown')
          throw platformError('resource.unknown', 'What the callbacks are of is there no longer.');
        if (replaced === 'too_many')
          throw platformError(
            'callback.too_many',
            'The account has as many callbacks, all places together, as it may.',
          );
        // All places together: what an operation leads to happens in the account, wherever its callback is set.
        if (targets.some(({ url }) => isServiceTarget(url)))
          refuseLoop(await ports().callbacks.ofServices({ accountId: entity.accountId }));
        // What stood there is known for sure once it is replaced; a refusal takes the change back.
        await refuseChanged(ifMatch, { callbacks: replaced.before.map(told) });
        const { accountId, ...place } = placeOf(entity, service);
        const [before, after] = [replaced.before.map(told), replaced.after.map(told)];
        const target = [accountId, place.applicationId, place.instanceType, place.endpointId]
          .filter((id) => id !== undefined)
          .join('/');
        audit({ target: `${target}/services/${service}/callbacks`, before, after });
        if (isChanged(before, after)) await emit(accountId, 'hooks.callbacks.changed', place);
        return {
          callbacks: replaced.after.map((callback) => ({
            ...told(callback),
            ...(callback.secret === undefined ? {} : { secret: callback.secret }),
          })),
        };
      };
    },
  );

  return {
    getCallbacks: read,
    getApplicationCallbacks: read,
    getInstanceTypeCallbacks: read,
    getEndpointCallbacks: read,
    putCallbacks: write,
    putApplicationCallbacks: write,
    putInstanceTypeCallbacks: write,
    putEndpointCallbacks: write,
  };
}
