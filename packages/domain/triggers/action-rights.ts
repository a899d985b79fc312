import { access } from '../access/definition.ts';
import { hooks } from '../hooks/definition.ts';
import { policy } from '../policy/definition.ts';
import { sessions } from '../sessions/definition.ts';
import type { CataloguedOperation } from '../tenancy/access.ts';
import type { Caller } from '../tenancy/caller.ts';
import { tenancy } from '../tenancy/definition.ts';
import { operationOf } from '../tenancy/scopes.ts';
import type { RequestedAction } from './definition.ts';

/**
 * What does the same by hand as an action does: who may not call it sets no trigger that does it for them (ACC-3, ACC-4).
 * Undefined where only those are told who hear of triggers anyway: the own team, and webhooks that the account has already.
 */
export function operationLike(action: RequestedAction): CataloguedOperation | undefined {
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
export function scopeMissing(action: RequestedAction, { may }: Pick<Caller, 'may'>): string | undefined {
  const needed = operationLike(action);
  return needed === undefined || may(needed) ? undefined : `${needed.owner}:${needed.operation}`;
}
