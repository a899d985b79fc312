import type { DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import type { endpoints } from './definition.ts';
import { ENDPOINT_COUNT_MAX, type EndpointsPorts, OFFER_COUNT_MAX, type TransferRecord } from './ports.ts';
import { type Direction, mayDecide, stateAt, wayTo } from './transfer.ts';

type Handlers = DomainHandlers<typeof endpoints, EndpointsPorts>;
type Context<R extends 'endpoints' | 'endpointTransfers', K> = DomainContext<typeof endpoints, R, K>;

const directionOf = ({ toAccountId }: TransferRecord, readerId: string): Direction =>
  toAccountId === readerId ? 'incoming' : 'outgoing';

const otherOf = (record: TransferRecord, readerId: string): string =>
  directionOf(record, readerId) === 'incoming' ? record.fromAccountId : record.toAccountId;

interface Reader {
  readonly readerId: string;
  /** Other sides that the reader sees whatever the transfer. */
  readonly visibleIds: readonly string[];
  readonly nowMs: number;
}

function toAnswer(record: TransferRecord, { readerId, visibleIds, nowMs }: Reader) {
  const otherId = otherOf(record, readerId);
  // An offer names its two sides to each other; of two that somebody above chose, neither asked for that.
  const isNamed = record.state !== 'moved' || visibleIds.includes(otherId);
  return {
    id: record.id,
    endpointId: record.endpointId,
    identifier: record.identifier,
    direction: directionOf(record, readerId),
    ...(isNamed ? { otherAccountId: otherId } : {}),
    state: stateAt(record, nowMs),
    note: record.note,
    createdAt: record.createdAt.toISOString(),
    ...(record.expiresAt === undefined ? {} : { expiresAt: record.expiresAt.toISOString() }),
    ...(record.endedAt === undefined ? {} : { endedAt: record.endedAt.toISOString() }),
  };
}

async function answers(
  records: readonly TransferRecord[],
  context: { readonly entity: { readonly accountId: string }; readonly nowMs: () => number },
  { accounts }: EndpointsPorts,
) {
  const { accountId } = context.entity;
  const others = records.filter(({ state }) => state === 'moved').map((record) => otherOf(record, accountId));
  const visible = others.length === 0 ? [] : await accounts.names({ accountId, ids: others });
  const visibleIds = visible.map(({ id }) => id);
  const reader = { readerId: accountId, visibleIds, nowMs: context.nowMs() };
  return records.map((record) => toAnswer(record, reader));
}

async function answer(
  record: TransferRecord,
  context: Parameters<typeof answers>[1],
  ports: EndpointsPorts,
): Promise<ReturnType<typeof toAnswer>> {
  const [one] = await answers([record], context, ports);
  if (one === undefined) throw new Error('One transfer has one answer.');
  return one;
}

const told = ({ id, endpointId, identifier }: TransferRecord) => ({ endpointId, identifier, transferId: id });
const tooMany = `An account holds at most ${ENDPOINT_COUNT_MAX} endpoints.`;
const another = (id: string) => ({ id, name: 'Another account' });
/** Whoever is above is not named to who is below (C1). */
const above = { id: 'above', name: 'An account above' };

/** Offers an endpoint, or moves it at once where whoever asks is above both accounts. */
export const transfer: Handlers['endpoints']['transfer'] = async (context, request, ports) => {
  const { accountId, chain } = context.entity;
  const { endpointId, toAccountId } = request;
  const found = await ports.endpoints.find({ accountId, endpointId, scope: 'descendants' });
  if (found === undefined || found.restsUntil !== undefined)
    throw context.error('resource.unknown', `There is no endpoint ${endpointId} at or below this account.`);
  const way = wayTo(await ports.accounts.chainOf(toAccountId), {
    actingId: accountId,
    holderId: found.accountId,
    topId: chain[0],
  });
  if (way === 'unavailable')
    throw context.error(
      'endpoints.recipient_unavailable',
      `/toAccountId: ${toAccountId} is no other account that is active.`,
    );
  const sides = { endpointId, fromId: found.accountId, toId: toAccountId };
  const record =
    way === 'at_once'
      ? await moved(context, sides, ports)
      : await offered(context, { sides, request }, ports);
  const made = await answer(record, context, ports);
  context.audit({ target: endpointId, before: { accountId: found.accountId }, after: made });
  return made;
};

interface Sides {
  readonly endpointId: string;
  readonly fromId: string;
  readonly toId: string;
}

async function moved(
  context: Context<'endpoints', 'transfer'>,
  sides: Sides,
  ports: EndpointsPorts,
): Promise<TransferRecord> {
  const { accountId } = context.entity;
  const record = await ports.endpoints.move({ accountId, ...sides });
  if (record === 'unknown')
    throw context.error('resource.unknown', `The endpoint ${sides.endpointId} went elsewhere meanwhile.`);
  if (record === 'too_many') throw context.error('endpoints.too_many', tooMany);
  if (record === 'taken')
    throw context.error('endpoints.identifier_taken', 'The account has an endpoint of this name.');
  for (const sideId of [sides.fromId, sides.toId]) {
    const event = { ...told(record), direction: directionOf(record, sideId) };
    if (sideId === accountId) await context.emit('transferred', event);
    else
      await tell(context, ports, {
        accountId: sideId,
        actor: above,
        action: 'endpoints.transfer',
        event: { type: 'endpoints.transferred', data: event },
      });
  }
  await ports.settings.came({ accountId: sides.toId, endpointId: sides.endpointId });
  return record;
}

async function offered(
  context: Context<'endpoints', 'transfer'>,
  {
    sides,
    request,
  }: {
    readonly sides: Sides;
    readonly request: { readonly note: string; readonly expiresInSeconds: number };
  },
  ports: EndpointsPorts,
): Promise<TransferRecord> {
  const { accountId } = context.entity;
  const nowMs = context.nowMs();
  const expiresAt = new Date(nowMs + request.expiresInSeconds * 1_000);
  const record = await ports.transfers.offer({ accountId, ...sides, note: request.note, expiresAt, nowMs });
  if (record === 'unknown')
    throw context.error('resource.unknown', `The endpoint ${sides.endpointId} went elsewhere meanwhile.`);
  if (record === 'open') throw context.error('endpoints.transfer_open', 'It is on offer to another account.');
  if (record === 'too_many')
    throw context.error('endpoints.too_many_offers', `At most ${OFFER_COUNT_MAX} offers are open at a time.`);
  for (const sideId of [sides.fromId, sides.toId]) {
    const direction = directionOf(record, sideId);
    const otherAccountId = otherOf(record, sideId);
    const event = { ...told(record), direction, otherAccountId, expiresAt: expiresAt.toISOString() };
    if (sideId === accountId) await context.emit('transfer.offered', event);
    else
      await tell(context, ports, {
        accountId: sideId,
        actor: sideId === sides.fromId ? above : another(sides.fromId),
        action: 'endpoints.transfer',
        event: { type: 'endpoints.transfer.offered', data: event },
      });
  }
  return record;
}

export const endpointTransfers: Handlers['endpointTransfers'] = {
  async list(context, request, ports) {
    const { accountId } = context.entity;
    const { items, nextCursor } = await ports.transfers.list({
      accountId,
      ...request,
      nowMs: context.nowMs(),
    });
    const read = await answers(items, context, ports);
    return { items: read, ...(nextCursor === undefined ? {} : { nextCursor }) };
  },

  async get(context, { transferId }, ports) {
    const { accountId } = context.entity;
    const record = await ports.transfers.find({ accountId, transferId });
    if (record === undefined) throw context.error('resource.unknown', unknown(transferId));
    return answer(record, context, ports);
  },

  async update(context, { transferId, state }, ports) {
    const { accountId } = context.entity;
    const before = await ports.transfers.find({ accountId, transferId });
    if (before === undefined) throw context.error('resource.unknown', unknown(transferId));
    const direction = directionOf(before, accountId);
    if (!mayDecide(direction, state))
      throw context.error(
        'request.invalid',
        `/state: an offer that is ${direction} is not to be ${state} here.`,
      );
    if (stateAt(before, context.nowMs()) !== 'offered')
      throw context.error('endpoints.transfer_ended', over(before));
    if (state === 'accepted') await accept(context, before, ports);
    else if (!(await ports.transfers.end({ accountId, transferId, state })))
      throw context.error('endpoints.transfer_ended', over(before));
    await tellEnd(context, { before, state }, ports);
    const after = await ports.transfers.find({ accountId, transferId });
    const made = await answer(after ?? before, context, ports);
    context.audit({ target: before.endpointId, before: await answer(before, context, ports), after: made });
    return made;
  },
};

const unknown = (transferId: string) => `This account has no transfer ${transferId}.`;
const over = ({ id }: TransferRecord) => `The offer ${id} was answered, was withdrawn, or its time is over.`;

async function accept(
  context: Context<'endpointTransfers', 'update'>,
  offer: TransferRecord,
  ports: EndpointsPorts,
): Promise<void> {
  const { accountId } = context.entity;
  switch (await ports.transfers.accept({ accountId, transferId: offer.id })) {
    case 'accepted':
      await ports.settings.came({ accountId, endpointId: offer.endpointId });
      return;
    case 'ended':
      throw context.error('endpoints.transfer_ended', over(offer));
    case 'too_many':
      throw context.error('endpoints.too_many', tooMany);
    case 'taken':
      throw context.error('endpoints.identifier_taken', `This account has an endpoint ${offer.identifier}.`);
  }
}

/** Both sides hear how an offer ended, each in its own events, and the one that did not end it in its audit log, too. */
async function tellEnd(
  context: Context<'endpointTransfers', 'update'>,
  {
    before,
    state,
  }: { readonly before: TransferRecord; readonly state: 'accepted' | 'declined' | 'withdrawn' },
  ports: EndpointsPorts,
): Promise<void> {
  const { accountId } = context.entity;
  const otherId = otherOf(before, accountId);
  const tellOther = (type: string, data: unknown) =>
    tell(context, ports, {
      accountId: otherId,
      actor: another(accountId),
      action: 'endpoint-transfers.update',
      event: { type: `endpoints.${type}`, data },
    });
  const [own, others] = [accountId, otherId].map((id) => ({
    ...told(before),
    direction: directionOf(before, id),
  }));
  if (own === undefined || others === undefined) return;
  if (state === 'accepted') {
    await context.emit('transferred', own);
    await tellOther('transferred', others);
    return;
  }
  await context.emit('transfer.ended', { ...own, state });
  await tellOther('transfer.ended', { ...others, state });
}

function tell(
  context: { readonly requestId: string; readonly nowMs: () => number },
  { notices }: EndpointsPorts,
  notice: Pick<Parameters<EndpointsPorts['notices']['tell']>[0], 'accountId' | 'actor' | 'action' | 'event'>,
): Promise<void> {
  const { data } = notice.event;
  const { endpointId } = data as { readonly endpointId: string };
  return notices.tell({
    ...notice,
    requestId: context.requestId,
    target: endpointId,
    after: data,
    atMs: context.nowMs(),
  });
}
