import type { DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import { platformError, type ServiceError } from '@patchbay/kit/errors';
import { accountClosed } from './account-closed.ts';
import type { AccountState } from './account-state.ts';
import { refuseMove } from './account-tree.ts';
import { sightOf, toAccountAnswer } from './accounts.ts';
import { type Caller, callerAlong } from './caller.ts';
import { tenancy } from './definition.ts';
import type { Said } from './held-moves.ts';
import { effectsTold } from './move-preview.ts';
import type { AccountRecord, TenancyPorts } from './ports.ts';
import { operationOf } from './scopes.ts';

type Handlers = DomainHandlers<typeof tenancy, TenancyPorts>['accounts'];
type Context = DomainContext<typeof tenancy, 'accounts', 'move' | 'previewMove'>;

const MINUTE_MS = 60_000;
const moving = operationOf(tenancy, 'accounts', 'move');

/** A move that may be made. Both chains run from the platform down to the account. */
interface PlannedMove {
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** The accounts of both chains that the caller sees. */
  readonly visibleIds: readonly string[];
  /** The highest of them: all that is looked at is seen from there. */
  readonly scopeId: string;
  readonly account: AccountRecord;
  readonly parent: AccountRecord;
  /** What the caller may do above both places. */
  readonly above: Caller;
  /** The highest account at which the caller may make the move. */
  readonly moverId: string;
}

/** Whoever administers an account at or above both the old and the new parent may move what is below it (C4, C5). */
async function planned(context: Context, parentId: string, ports: TenancyPorts): Promise<PlannedMove> {
  const { chain, accountId } = context.entity;
  const { visibleChain } = await callerAlong(chain, context.actor, ports);
  const [scopeId = accountId] = visibleChain;
  const found = await ports.moves.chainWithin({ accountId: scopeId, descendantId: parentId });
  if (found === undefined)
    throw context.error('resource.unknown', `There is no account ${parentId} within your reach.`);
  const parentChain = [...chain.slice(0, chain.indexOf(scopeId)), ...found];
  const refused = refuseMove(chain, parentChain);
  if (refused !== undefined) throw context.error('tenancy.move_impossible', refusalTexts[refused]);

  const common = chain.slice(0, -1).filter((id) => parentChain.includes(id));
  const above = await callerAlong(common, context.actor, ports);
  if (above.visibleChain.length === 0 || !above.may(moving))
    throw context.error('auth.scope', 'Only who administers an account above both places may do this.');

  // Where somebody may do more below the new place than above both, a move would be a way to more.
  const there = await callerAlong(parentChain, context.actor, ports);
  if (ports.catalogue.some((operation) => there.may(operation) && !above.may(operation)))
    throw context.error(
      'auth.scope',
      'You may do more at the new place than above both: have it moved by somebody who may do all of that here.',
    );

  const account = await foundAccount(context, accountId, ports);
  const parent = await foundAccount(context, parentId, ports);
  if (parent.effectiveState === 'closed') throw accountClosed(`Account ${parentId} is closed.`);
  if (parent.effectiveState !== 'active')
    throw platformError('account.suspended', `Account ${parentId} is suspended.`);
  const visibleIds = [...new Set([...visibleChain, ...found])];
  const after = [...parentChain, accountId];
  const moverId = above.speakerAbove(moving) ?? common.at(-1) ?? scopeId;
  return { before: chain, after, visibleIds, scopeId, account, parent, above, moverId };
}

async function foundAccount(
  { error }: { readonly error: (code: 'resource.unknown', detail: string) => ServiceError },
  accountId: string,
  { accounts }: TenancyPorts,
): Promise<AccountRecord> {
  const account = await accounts.find({ accountId });
  if (account === undefined) throw error('resource.unknown', `There is no account ${accountId}.`);
  return account;
}

const refusalTexts = {
  cycle: 'An account does not stand below itself.',
  other_tree: 'An account stays in its tree, and the top one of a tree stays where it is.',
  there_already: 'The account stands there already.',
  other_collector: 'Another would ask it for money there, and a month is asked for by one: end that first.',
} as const;

export const moves: Pick<Handlers, 'previewMove' | 'move'> = {
  async previewMove(context, { parentId }, ports) {
    const move = await planned(context, parentId, ports);
    const { before, after, scopeId, visibleIds, parent, above, moverId } = move;
    const { accountId } = context.entity;
    const atMs = context.nowMs() + (await ports.moves.aheadMsOf(accountId));
    const effects = await ports.moves.effects({
      accountId: scopeId,
      movedId: accountId,
      before,
      after,
      visibleIds,
      moverId,
      atMs,
    });
    const from = await foundAccount(context, before.at(-2) ?? accountId, ports);
    const told = effectsTold(effects, ({ owner, operation }) =>
      ports.catalogue.some((each) => each.owner === owner && each.operation === operation && above.may(each)),
    );
    return {
      ...told,
      accountId,
      from: { id: from.id, name: from.name },
      to: { id: parent.id, name: parent.name },
      startsAt: new Date(Math.floor(atMs / MINUTE_MS + 1) * MINUTE_MS).toISOString(),
    };
  },

  async move(context, { parentId }, ports) {
    const { accountId } = context.entity;
    const { scopeId, account, before, after, visibleIds, moverId } = await planned(context, parentId, ports);
    const moved = await ports.moves.move({ accountId: scopeId, movedId: accountId, parentId, moverId });
    if (moved === 'unknown')
      throw context.error('resource.unknown', `There is no account ${parentId} within your reach.`);
    if (moved === 'external_id_taken') {
      const taken = `An account below ${parentId} has the externalId ${account.externalId}.`;
      throw context.error('tenancy.external_id_taken', taken);
    }
    if (moved === 'held_above')
      throw context.error(
        'tenancy.move_held',
        'An account above yours has said something here: only who said it, or somebody above them, moves it away from there.',
      );
    if (typeof moved === 'string') throw context.error('tenancy.move_impossible', refusalTexts[moved]);
    const { startsAt, oldParentId, resumedIds, fallen } = moved;
    const stands = await foundAccount(context, accountId, ports);
    const starts = startsAt.toISOString();
    for (const change of auditedAt({
      account,
      startsAt: starts,
      oldParentId,
      parentId,
      before,
      after,
      fallen,
    }))
      context.audit(change);
    await context.emit('account.moved', { accountId, startsAt: starts });
    await context.emit('account.left', { accountId, startsAt: starts }, oldParentId);
    for (const resumedId of resumedIds) await tellState(context, { id: resumedId, state: 'active' }, ports);
    // What those that it stood below kept stopped works again, though nothing is said of it itself.
    if (stands.effectiveState !== account.effectiveState && !resumedIds.includes(accountId))
      await tellState(context, { id: accountId, state: stands.effectiveState }, ports);
    return {
      ...toAccountAnswer(
        stands,
        sightOf(
          after,
          visibleIds.filter((id) => after.includes(id)),
        ),
      ),
      startsAt: starts,
    };
  },
};

async function tellState(
  context: DomainContext<typeof tenancy, 'accounts', 'move'>,
  { id, state }: { readonly id: string; readonly state: AccountState },
  ports: TenancyPorts,
): Promise<void> {
  await context.emit('account.state-changed', { accountId: id, state }, id);
  // Its test account stands and falls with it.
  const { testAccountId } = await foundAccount(context, id, ports);
  if (testAccountId === undefined) return;
  const { effectiveState } = await foundAccount(context, testAccountId, ports);
  const told = { accountId: testAccountId, state: effectiveState };
  await context.emit('account.state-changed', told, testAccountId);
}

interface Moved extends Pick<PlannedMove, 'before' | 'after' | 'account'> {
  readonly fallen: readonly Said[];
  readonly startsAt: string;
  readonly oldParentId: string;
  readonly parentId: string;
}

/**
 * An entry at each account that the move concerns, with what that account may know of it: the one that moved is told of
 * no account above it, and the two parents not of each other. The nearest account above both knows all of it (ACC-8).
 * Whoever is above no more is told what of its own words fell away.
 */
function auditedAt({ account, startsAt, oldParentId, parentId, before, after, fallen }: Moved) {
  const target = account.id;
  const whole = { accountId: target, name: account.name };
  const nearest = before.findLast((id) => id !== target && after.includes(id)) ?? parentId;
  const entries = [
    { accountId: target, target, after: { startsAt } },
    {
      accountId: nearest,
      target,
      before: { ...whole, parentId: oldParentId },
      after: { ...whole, parentId },
    },
    ...[oldParentId, ...fallen.map(({ byId }) => byId)].map((accountId) => ({
      accountId,
      target,
      before: { ...whole, parentId: oldParentId, ...saidBy(accountId, fallen) },
    })),
    { accountId: parentId, target, after: { ...whole, parentId } },
  ];
  // A parent that is the nearest above both is told once.
  return entries.filter(
    ({ accountId }, index) => entries.findIndex((one) => one.accountId === accountId) === index,
  );
}

function saidBy(setterId: string, fallen: readonly Said[]) {
  const said = fallen
    .filter(({ byId }) => byId === setterId)
    .map(({ accountId, kind }) => ({ accountId, kind }));
  return said.length === 0 ? {} : { said };
}
