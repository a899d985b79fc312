import type { DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import { platformError, type ServiceError } from '@patchbay/kit/errors';
import { isChanged } from '@patchbay/kit/is-changed';
import { accountInactive } from './account-closed.ts';
import {
  type AccountState,
  isClosedBy,
  isSuspendedBy,
  type StateRefusal,
  type StateSpeaker,
  stateAfter,
  suspensionTold,
} from './account-state.ts';
import { type Caller, callerAlong } from './caller.ts';
import { tenancy } from './definition.ts';
import type { AccountChange, AccountRecord, TenancyPorts } from './ports.ts';
import { operationOf } from './scopes.ts';
import { isTimeZone } from './time-zone.ts';

type Handlers = DomainHandlers<typeof tenancy, TenancyPorts>;

interface Wanted extends Pick<AccountChange, 'name' | 'externalId' | 'timeZone'> {
  readonly state?: AccountState | undefined;
}

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
  const { parentId, externalId, createdAt, liveAccountId, testAccountId, suspensions, ...rest } = account;
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

/** For whom the caller speaks who suspends the last account of a chain, or makes it active. */
function speakerAt(chain: readonly string[], accountId: string, { speakerAbove }: Caller): StateSpeaker {
  const id = speakerAbove(updating) ?? accountId;
  return { id, above: chain.slice(0, chain.indexOf(id)), isFromAbove: id !== accountId };
}

const suspensionAnswer = (account: AccountRecord, speaker: StateSpeaker | undefined) => {
  const suspension = suspensionTold(account, account.id, speaker);
  return suspension === undefined ? {} : { suspension };
};

/** What an update may change, without the state: that has an event of its own. */
const besidesState = ({ name, externalId, timeZone }: AccountRecord) => ({ name, externalId, timeZone });

export const accounts: Omit<Handlers['accounts'], 'move' | 'previewMove'> = {
  async get(context, _request, ports) {
    const { accountId, chain } = context.entity;
    const account = await ports.accounts.find({ accountId });
    if (account === undefined) throw context.error('resource.unknown', `There is no account ${accountId}.`);
    const caller = await callerAlong(chain, context.actor, ports);
    const { visibleChain } = caller;
    const ids = visibleChain.slice(0, -1);
    const ancestors = ids[0] === undefined ? [] : await ports.accounts.names({ accountId: ids[0], ids });
    const [, topAccountId = ''] = chain;
    return {
      ...toAccountAnswer(account, sightOf(chain, visibleChain)),
      ...suspensionAnswer(account, caller.may(updating) ? speakerAt(chain, accountId, caller) : undefined),
      ancestors: [...ancestors],
      isPlatform: chain.length === 1,
      ...(visibleChain.includes(topAccountId) ? { topAccountId } : {}),
    };
  },

  async list(context, request, ports) {
    const { accountId, chain } = context.entity;
    const { items, nextCursor } = await ports.accounts.list({ accountId, ...request });
    const speaker = items.some(({ state }) => state === 'suspended')
      ? await speakerBelow(context, ports)
      : undefined;
    return {
      items: items.map((account) => ({
        ...toAccountAnswer(account, sightBelow(context)),
        ...suspensionAnswer(account, speaker),
      })),
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
      throw accountInactive(parent.effectiveState);
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
    const before = await ports.accounts.findToChange({ accountId });
    if (before === undefined) throw context.error('resource.unknown', `There is no account ${accountId}.`);
    // Of what is closed nothing changes any more: somebody above may still say that it is.
    if (before.effectiveState === 'closed' && !isClosingAlone(request))
      throw context.error('tenancy.account_closed', 'The account, or one above it, is closed.');
    const caller = await callerAlong(chain, context.actor, ports);
    const { visibleChain } = caller;
    const speaker = speakerAt(chain, accountId, caller);
    const { state: to, ...rest } = request;
    const stands =
      to === undefined
        ? before
        : stateAfter(before, {
            to,
            speaker,
            isPlatform: before.parentId === undefined,
            isForced: force === true,
          });
    if ('refused' in stands) throw refusedState(context, stands.refused, to);

    const after = await ports.accounts.update({
      accountId,
      change: {
        ...rest,
        ...(stands.state === 'closed' ? { isClosed: true } : {}),
        ...(stands.suspensions === before.suspensions ? {} : { suspensions: stands.suspensions }),
      },
    });
    if (after === 'external_id_taken') {
      throw context.error(
        'tenancy.external_id_taken',
        `Another account below the same parent has the externalId ${request.externalId}.`,
      );
    }
    const sight = sightOf(chain, visibleChain);
    // A second word leaves the state as it is: what is new is whose word stands.
    const isWord =
      before.state === after.state && isChanged(wordWritten(before, speaker), wordWritten(after, speaker));
    const written = (account: AccountRecord) => ({
      ...toAccountAnswer(account, sight),
      ...(isWord ? wordWritten(account, speaker) : {}),
    });
    context.audit({ target: accountId, before: written(before), after: written(after) });
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
    return { ...toAccountAnswer(after, sight), ...suspensionAnswer(after, speaker) };
  },
};

const isClosingAlone = ({ state, ...rest }: Wanted): boolean =>
  state === 'closed' && Object.values(rest).every((value) => value === undefined);

/** The same for the accounts below it: whoever may do it here stands above all of these. */
async function speakerBelow(
  { actor, entity: { accountId, chain } }: DomainContext<typeof tenancy, 'accounts', 'list'>,
  ports: TenancyPorts,
): Promise<StateSpeaker | undefined> {
  const caller = await callerAlong(chain, actor, ports);
  return caller.may(updating) ? { ...speakerAt(chain, accountId, caller), isFromAbove: true } : undefined;
}

const wordWritten = ({ state, suspensions }: AccountRecord, speaker: StateSpeaker) =>
  state === 'closed'
    ? { closedByActor: isClosedBy(suspensions, speaker) }
    : { suspendedByActor: isSuspendedBy(suspensions, speaker) };

function refusedState(
  { error }: DomainContext<typeof tenancy, 'accounts', 'update'>,
  refused: StateRefusal,
  to: AccountState | undefined,
): ServiceError {
  switch (refused) {
    case 'stops_itself':
      return error(
        'tenancy.stops_itself',
        `Whoever makes this account ${to} from within cannot make it active again: all below it stop as well.`,
      );
    case 'closed':
      return error('tenancy.account_closed', 'The account is closed.');
    case 'platform':
      return platformError(
        'policy.refused',
        "The platform's own account can be neither suspended nor closed.",
      );
    case 'resumed_from_below':
      return platformError(
        'policy.refused',
        'Only an account above a suspended one can make it active again.',
      );
    case 'suspended_above':
      return error(
        'tenancy.suspended_above',
        'It was suspended from higher up than you stand, and stays so until that is taken back there.',
      );
  }
}
