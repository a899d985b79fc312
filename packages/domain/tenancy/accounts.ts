import type { DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import { isChanged } from '@patchbay/kit/is-changed';
import { refuseStateChange } from './account-state.ts';
import { callerAlong } from './caller.ts';
import { tenancy } from './definition.ts';
import type { AccountRecord, TenancyPorts } from './ports.ts';
import { operationOf } from './scopes.ts';
import { isTimeZone } from './time-zone.ts';

type Handlers = DomainHandlers<typeof tenancy, TenancyPorts>;

const updating = operationOf(tenancy, 'accounts', 'update');

/** What is in sight of whoever reads of an account. */
export interface Sight {
  /** The highest account that they see. */
  readonly topId: string | undefined;
  /** How many stand above that one: subtracted, so that nobody is told (PRD-2). */
  readonly hiddenCount: number;
}

/** Of a chain from the platform down, and the part of it that is seen. */
export const sightOf = (chain: readonly string[], visibleChain: readonly string[]): Sight => ({
  topId: visibleChain[0],
  hiddenCount: chain.length - Math.max(1, visibleChain.length),
});

/** The wire form of an account, for one who sees what is at and below an account, and nothing above it. */
export function toAccountAnswer(account: AccountRecord, { topId, hiddenCount }: Sight) {
  const { parentId, externalId, createdAt, liveAccountId, testAccountId, ...rest } = account;
  return {
    ...rest,
    depth: Math.max(0, account.depth - hiddenCount),
    // The top of what the caller sees has no parent that the caller could know of.
    ...(parentId === undefined || account.id === topId ? {} : { parentId }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(liveAccountId === undefined ? {} : { liveAccountId }),
    ...(testAccountId === undefined ? {} : { testAccountId }),
    createdAt: createdAt.toISOString(),
  };
}

/** For accounts below the one in the path, whose parent is always seen. */
const sightBelow = ({
  entity: { accountId, chain },
  visibleIds = [accountId],
}: Pick<DomainContext<typeof tenancy, 'accounts', 'list'>, 'entity' | 'visibleIds'>): Sight =>
  sightOf(chain, visibleIds);

/** What an update may change, without the state: that has an event of its own. */
const besidesState = ({ name, externalId, timeZone }: AccountRecord) => ({ name, externalId, timeZone });

export const accounts: Omit<Handlers['accounts'], 'move' | 'previewMove'> = {
  async get(context, _request, ports) {
    const { accountId, chain } = context.entity;
    const account = await ports.accounts.find({ accountId });
    if (account === undefined) throw context.error('resource.unknown', `There is no account ${accountId}.`);
    const { visibleChain } = await callerAlong(chain, context.actor, ports);
    const ids = visibleChain.slice(0, -1);
    const ancestors = ids[0] === undefined ? [] : await ports.accounts.names({ accountId: ids[0], ids });
    const [, topAccountId = ''] = chain;
    return {
      ...toAccountAnswer(account, sightOf(chain, visibleChain)),
      ancestors: [...ancestors],
      isPlatform: chain.length === 1,
      ...(visibleChain.includes(topAccountId) ? { topAccountId } : {}),
    };
  },

  async list(context, request, ports) {
    const { items, nextCursor } = await ports.accounts.list({
      accountId: context.entity.accountId,
      ...request,
    });
    return {
      items: items.map((account) => toAccountAnswer(account, sightBelow(context))),
      ...(nextCursor === undefined ? {} : { nextCursor }),
    };
  },

  async create(context, request, ports) {
    const { accountId } = context.entity;
    if (!isTimeZone(request.timeZone)) {
      throw context.error('tenancy.time_zone_unknown', `There is no time zone ${request.timeZone}.`);
    }
    const parent = await ports.accounts.find({ accountId });
    if (parent === undefined) throw context.error('resource.unknown', `There is no account ${accountId}.`);
    if (parent.effectiveState !== 'active') {
      throw platformError('account.suspended', `The account is ${parent.effectiveState}.`);
    }
    const account = await ports.accounts.create({ accountId, ...request });
    if (account === undefined) {
      throw context.error(
        'tenancy.external_id_taken',
        `Another account below this one has the externalId ${request.externalId}.`,
      );
    }
    const answer = toAccountAnswer(account, sightBelow(context));
    context.audit({ target: account.id, after: answer });
    await context.emit('account.created', { accountId: account.id, parentId: accountId });
    return answer;
  },

  async openTest(context, _request, ports) {
    const { accountId } = context.entity;
    const before = await ports.accounts.find({ accountId });
    if (before === undefined) throw context.error('resource.unknown', `There is no account ${accountId}.`);
    const testId = await ports.accounts.testTwin({ accountId });
    const test = await ports.accounts.find({ accountId: testId });
    if (test === undefined) throw new Error(`The test account ${testId} is not in its own scope.`);
    const answer = toAccountAnswer(test, { topId: testId, hiddenCount: test.depth });
    context.audit({ target: testId, after: answer });
    if (before.id !== testId && before.testAccountId === undefined)
      await context.emit('account.changed', { accountId });
    return answer;
  },

  async update(context, { force, ...request }, ports) {
    const { accountId, chain } = context.entity;
    if (request.timeZone !== undefined && !isTimeZone(request.timeZone)) {
      throw context.error('tenancy.time_zone_unknown', `There is no time zone ${request.timeZone}.`);
    }
    const before = await ports.accounts.find({ accountId });
    if (before === undefined) throw context.error('resource.unknown', `There is no account ${accountId}.`);
    const { visibleChain, speakerAbove } = await callerAlong(chain, context.actor, ports);

    const to = request.state ?? before.state;
    const isPlatform = before.parentId === undefined;
    const refused = refuseStateChange({
      from: before.state,
      to,
      isPlatform,
      isFromAbove: speakerAbove(updating) !== undefined,
      isForced: force === true,
    });
    if (refused === 'stops_itself') {
      throw context.error(
        'tenancy.stops_itself',
        `Whoever makes this account ${to} from within cannot make it active again: all below it stop as well.`,
      );
    }
    if (refused === 'closed') throw context.error('tenancy.account_closed', 'The account is closed.');
    if (refused === 'platform') {
      throw platformError(
        'policy.refused',
        "The platform's own account can be neither suspended nor closed.",
      );
    }
    if (refused === 'resumed_from_below') {
      throw platformError(
        'policy.refused',
        'Only an account above a suspended one can make it active again.',
      );
    }

    const after = await ports.accounts.update({ accountId, change: request });
    if (after === 'external_id_taken') {
      throw context.error(
        'tenancy.external_id_taken',
        `Another account below the same parent has the externalId ${request.externalId}.`,
      );
    }
    const sight = sightOf(chain, visibleChain);
    const answer = toAccountAnswer(after, sight);
    context.audit({ target: accountId, before: toAccountAnswer(before, sight), after: answer });
    if (isChanged(besidesState(before), besidesState(after)))
      await context.emit('account.changed', { accountId });
    if (after.state !== before.state) {
      await context.emit('account.state-changed', { accountId, state: after.state });
      // Its test account stands and falls with it.
      const { testAccountId } = after;
      if (testAccountId !== undefined) {
        const { effectiveState } = (await ports.accounts.find({ accountId: testAccountId })) ?? after;
        const told = { accountId: testAccountId, state: effectiveState };
        await context.emit('account.state-changed', told, testAccountId);
      }
    }
    return answer;
  },
};
