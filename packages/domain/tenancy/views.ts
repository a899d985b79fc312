import type { DomainHandlers } from '@patchbay/kit/definition';
import { type HeldRole, heldRoleAllows } from './access.ts';
import { callerAlong } from './caller.ts';
import { tenancy } from './definition.ts';
import type { TenancyPorts } from './ports.ts';
import { operationOf } from './scopes.ts';

type Handlers = DomainHandlers<typeof tenancy, TenancyPorts>;

const viewing = operationOf(tenancy, 'views', 'start');
const MINUTE_MS = 60_000;

/** Whether a role above an account still lets somebody look as the account does: asked again with each request. */
export const mayView = (held: HeldRole): boolean => heldRoleAllows(held, viewing);

export const views: Handlers['views'] = {
  async start(context, { reason, minutes }, ports) {
    const { accountId, chain } = context.entity;
    const { actor } = context;
    const { visibleChain } = await callerAlong(chain, actor, ports);
    // A key has no dashboard, and nobody who could be named.
    if (actor.kind !== 'user') throw context.error('auth.scope', 'Only somebody who signed in looks.');
    const untilMs = context.nowMs() + minutes * MINUTE_MS;
    const viewId = await ports.views.start({ accountId, userId: actor.userId, reason, untilMs });
    const until = new Date(untilMs).toISOString();
    const after = { accountId, reason, until };
    // Both sides are told: the account who looks at it and why, and the one above what is done in its name (C25).
    context.audit({ target: accountId, after });
    const [aboveId] = visibleChain;
    if (aboveId !== undefined && aboveId !== accountId)
      context.audit({ accountId: aboveId, target: accountId, after });
    await context.emit('view.started', { viewId, until });
    return { id: viewId, accountId, until };
  },

  async end(context, { viewId }, ports) {
    const { accountId } = context.entity;
    const { actor } = context;
    const isEnded = actor.kind === 'user' && (await ports.views.end({ viewId, userId: actor.userId }));
    if (!isEnded) throw context.error('resource.unknown', `There is no view ${viewId} of yours.`);
    context.audit({ target: accountId, before: { state: 'open' }, after: { state: 'ended' } });
    await context.emit('view.ended', { viewId });
    return { id: viewId };
  },
};
