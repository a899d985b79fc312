import type { Actor } from '@patchbay/kit/definition';
import { access } from '../access/definition.ts';
import { hooks } from '../hooks/definition.ts';
import { policy } from '../policy/definition.ts';
import { sessions } from '../sessions/definition.ts';
import type { CataloguedOperation } from '../tenancy/access.ts';
import type { Caller } from '../tenancy/caller.ts';
import { tenancy } from '../tenancy/definition.ts';
import { operationOf } from '../tenancy/scopes.ts';
import type { RequestedAction } from './definition.ts';
import type { TriggersPorts } from './ports.ts';
import type { Target } from './trigger.ts';

/**
 * What does the same by hand as an action does: who may not call it sets no trigger that does it for them (ACC-3, ACC-4).
 * Undefined where only those are told who hear of triggers anyway: the own team, and webhooks that the account has already.
 */
function operationLike(action: RequestedAction): CataloguedOperation | undefined {
  switch (action.kind) {
    case 'suspend':
      return operationOf(tenancy, 'accounts', 'update');
    case 'endSessions':
      return operationOf(sessions, 'sessions', 'updateAll');
    case 'disableService':
      return operationOf(access, 'services', 'disable');
    case 'disableFeature':
    case 'throttle':
      return operationOf(policy, 'policy', 'set');
    case 'callback':
      return action.url === undefined ? undefined : operationOf(hooks, 'webhooks', 'create');
    case 'notify':
    case 'email':
      return undefined;
  }
}

/** The scope that whoever sets an action lacks at the account that it is done to. Undefined: they may do it by hand as well. */
function scopeMissing(action: RequestedAction, { may }: Pick<Caller, 'may'>): string | undefined {
  const needed = operationLike(action);
  return needed === undefined || may(needed) ? undefined : `${needed.owner}:${needed.operation}`;
}

interface Stopping {
  /** Who sets the trigger, and whom its action is done to. */
  readonly accountId: string;
  readonly targetId: string;
  /** At the account that sets it. */
  readonly caller: Pick<Caller, 'speakerAbove'>;
}

/** Whether an account would suspend itself, set by somebody who could not make it active again from above. */
const stopsItself = ({ kind }: RequestedAction, { accountId, targetId, caller }: Stopping): boolean =>
  kind === 'suspend' &&
  targetId === accountId &&
  caller.speakerAbove(operationOf(tenancy, 'accounts', 'update')) === undefined;

export interface RightsContext {
  readonly entity: { readonly accountId: string };
  readonly actor: Actor;
  readonly error: (code: 'auth.scope', publicDetail: string) => Error;
}

/** What a trigger holds is lifted by whoever may hold it, and by nobody to whom the trigger alone is given (ACC-3, ACC-4). */
export async function refuseLifting(
  { actor, error }: RightsContext,
  { action, target: { accountId } }: { readonly action: RequestedAction; readonly target: Target },
  { callerAt }: Pick<TriggersPorts, 'callerAt'>,
): Promise<void> {
  const missing = scopeMissing(action, await callerAt(accountId, actor));
  if (missing !== undefined)
    throw error(
      'auth.scope',
      `This lifts what ${action.kind} holds, which needs ${missing} at ${accountId}: you do not have that yourself.`,
    );
}

/** Nobody has a trigger do what they may not do themselves, where it is done: what it calls stands at the account that sets it (ACC-3). */
export async function refuseBeyond(
  { entity, actor, error }: RightsContext,
  { action, target }: { readonly action: RequestedAction; readonly target: Target },
  { callerAt }: Pick<TriggersPorts, 'callerAt'>,
): Promise<void> {
  const placeId = action.kind === 'callback' ? entity.accountId : target.accountId;
  const missing = scopeMissing(action, await callerAt(placeId, actor));
  if (missing !== undefined)
    throw error(
      'auth.scope',
      `/action: ${action.kind} needs ${missing} at ${placeId}, which you do not have yourself.`,
    );
}

interface StopContext {
  readonly entity: { readonly accountId: string };
  readonly actor: Actor;
  readonly error: (code: 'triggers.stops_itself', publicDetail: string) => Error;
}

/** As an account that suspends itself by hand: only a level above makes it active again (ACC-2). */
export async function refuseOwnStop(
  { entity: { accountId }, actor, error }: StopContext,
  { action, target }: { readonly action: RequestedAction; readonly target: Target },
  { callerAt }: Pick<TriggersPorts, 'callerAt'>,
): Promise<void> {
  if (
    !stopsItself(action, { accountId, targetId: target.accountId, caller: await callerAt(accountId, actor) })
  )
    return;
  throw error(
    'triggers.stops_itself',
    `/action: ${accountId} would suspend itself, and all below it, and cannot make itself active again.`,
  );
}
