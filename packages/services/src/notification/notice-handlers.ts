import {
  CONTENT_BYTES_MAX,
  type NoticeRecord,
  type SubscriptionRecord,
} from '@patchbay/domain/notices/notice';
import { type NoticeTarget, wayShapes } from '@patchbay/domain/notices/notice-target';
import { type CredentialWay, credentialWays } from '@patchbay/domain/notices/notice-way';
import type { Handlers } from '@patchbay/kit/definition';
import { ServiceError } from '@patchbay/kit/errors';
import type { z } from 'zod';
import type { notification } from './definition.ts';
import type { noticeOperations } from './notice-operations.ts';
import type { WayRecord } from './notice-ports.ts';
import type { NotificationPorts } from './ports.ts';

type Definition = typeof notification;
type Name = keyof typeof noticeOperations;
type Answer<N extends Name> = z.output<(typeof noticeOperations)[N]['response']>;
type Request<N extends Name> = z.output<(typeof noticeOperations)[N]['request']>;

const WAITING_RETRY_MS = 10_000;
const endpointOf = (identity: string) => `user:${identity}`;

export const noticeHandlers: Pick<Handlers<Definition, NotificationPorts>, Name> = {
  async send(context, request, { notices }) {
    const { entity, config } = context;
    const { identity, title, body, data, tag, urgency, ttlSeconds, ways = config.ways } = request;
    const content = {
      title,
      ...(body === undefined ? {} : { body }),
      ...(data === undefined ? {} : { data }),
      ...(tag === undefined ? {} : { tag }),
    };
    const bytes = new TextEncoder().encode(JSON.stringify(content)).length;
    if (bytes > CONTENT_BYTES_MAX)
      throw context.error(
        'notification.notice_too_large',
        `A notice has ${CONTENT_BYTES_MAX} bytes at most, not ${bytes}.`,
      );
    const sent = await notices.send({
      ...{ entity, endpoint: entity.endpoint ?? endpointOf(identity), content, urgency, ways, ttlSeconds },
      emailsPerDayMax: config.emailsPerDayMax,
    });
    if (sent === 'too_many') {
      const refused = context.error(
        'notification.too_many_waiting',
        'As many notices of this account wait as may.',
      );
      throw new ServiceError({ ...refused.fields, retryAfterMs: WAITING_RETRY_MS });
    }
    return shownNotice(sent);
  },

  async listNotices({ entity: { accountId } }, { identity, ...page }, { notices }) {
    const endpoint = identity === undefined ? undefined : endpointOf(identity);
    const { items, ...rest } = await notices.list({ accountId, endpoint, ...page });
    return { ...rest, items: items.map(shownNotice) };
  },

  async getNotice(context, { noticeId }, { notices }) {
    const found = await notices.find({ accountId: context.entity.accountId, noticeId });
    if (found === undefined) throw noNotice(context, noticeId);
    return shownNotice(found);
  },

  async cancelNotice(context, { noticeId }, { notices }) {
    const { accountId } = context.entity;
    const before = await notices.cancel({ accountId, noticeId });
    if (before === undefined) throw noNotice(context, noticeId);
    if (before === 'over')
      throw context.error('notification.notice_over', `Nothing is left to be done for ${noticeId}.`);
    const { state, endpoint } = before;
    // What went out on a way stays sent.
    const after = state === 'waiting' ? ('cancelled' as const) : state;
    context.audit({
      target: noticeId,
      before: { state, isOver: false },
      after: { state: after, isOver: true },
    });
    await context.emit('notice.cancelled', { noticeId, endpoint });
    return shownNotice({ ...before, state: after });
  },

  async noteReceipt(context, { noticeId, receipt }, { notices }) {
    const noted = await notices.note({ accountId: context.entity.accountId, noticeId, receipt });
    if (noted === undefined) throw noNotice(context, noticeId);
    return shownNotice(noted);
  },

  async addSubscription(context, request, { targets }) {
    const { accountId } = context.entity;
    const { identity, device } = request;
    const target = targetOf(request);
    if (target === undefined)
      throw context.error('request.invalid', 'It is one of webPush, fcm, apns, sms and email.');
    if (target.way === 'web-push') await onlySent(context, target.to.endpoint, targets);
    const added = await targets.add({ accountId, endpoint: endpointOf(identity), device, target });
    if (added === 'too_many')
      throw context.error('notification.too_many_targets', `${identity} is reached at 20 places at most.`);
    const shown = shownSubscription(added.record);
    const said = { endpoint: shown.endpoint, way: shown.way, label: shown.label };
    context.audit({ target: shown.id, ...(added.isNews ? {} : { before: said }), after: said });
    if (added.isNews) await context.emit('subscription.added', shown);
    return shown;
  },

  async listSubscriptions({ entity: { accountId } }, { identity, ...page }, { targets }) {
    const endpoint = identity === undefined ? undefined : endpointOf(identity);
    const { items, ...rest } = await targets.list({ accountId, endpoint, ...page });
    return { ...rest, items: items.map(shownSubscription) };
  },

  async removeSubscription(context, { subscriptionId }, { targets }) {
    const { accountId } = context.entity;
    const removed = await targets.remove({ accountId, subscriptionId });
    if (removed === undefined)
      throw context.error('resource.unknown', `This account has no subscription ${subscriptionId}.`);
    const { endpoint, way, label } = removed;
    context.audit({ target: subscriptionId, before: { endpoint, way, label } });
    await context.emit('subscription.removed', { subscriptionId, endpoint, way, cause: 'removed' });
    return { id: subscriptionId };
  },

  async listWays({ entity: { accountId } }, _request, { ways }) {
    const set = await ways.list(accountId);
    return {
      items: credentialWays.map((way) =>
        shownWay(
          way,
          set.find((one) => one.way === way),
        ),
      ),
    };
  },

  async getWay({ entity: { accountId } }, { way }, { ways }) {
    return shownWay(
      way,
      (await ways.list(accountId)).find((one) => one.way === way),
    );
  },

  async putWay(context, request, { ways, targets }) {
    const { accountId } = context.entity;
    const { way } = request;
    const given = givenOf(request);
    if (given === undefined)
      throw context.error('request.invalid', `It has what ${way} needs, and nothing of another way.`);
    if (request.sms !== undefined) await onlySent(context, request.sms.baseUrl, targets);
    const { before, after } = await ways.set({ accountId, way, ...given });
    const shown = shownWay(way, after);
    // Two secrets are never compared: one that was set again is a change.
    context.audit({
      target: way,
      ...(before === undefined ? {} : { before: { ...shownWay(way, before) } }),
      after: shown,
    });
    await context.emit('way.set', shown);
    return shown;
  },

  async removeWay(context, { way }, { ways }) {
    const removed = await ways.remove({ accountId: context.entity.accountId, way });
    if (removed === undefined) throw context.error('resource.unknown', `Nothing is set for ${way}.`);
    context.audit({ target: way, before: shownWay(way, removed) });
    await context.emit('way.removed', { way });
    return { way };
  },
};

function noNotice(
  { error }: { readonly error: (code: 'resource.unknown', detail: string) => ServiceError },
  noticeId: string,
): ServiceError {
  return error('resource.unknown', `This account has no notice ${noticeId}.`);
}

async function onlySent(
  { error }: { readonly error: (code: 'notification.target_refused', detail: string) => ServiceError },
  url: string,
  targets: NotificationPorts['targets'],
): Promise<void> {
  const refusal = await targets.refusalOf(url);
  if (refusal !== undefined) throw error('notification.target_refused', `Nothing is sent there: ${refusal}.`);
}

function targetOf({ webPush, fcm, apns, sms, email }: Request<'addSubscription'>): NoticeTarget | undefined {
  const given: NoticeTarget[] = [
    ...(webPush === undefined ? [] : [{ way: 'web-push' as const, to: webPush }]),
    ...(fcm === undefined ? [] : [{ way: 'fcm' as const, to: fcm }]),
    ...(apns === undefined ? [] : [{ way: 'apns' as const, to: apns }]),
    ...(sms === undefined ? [] : [{ way: 'sms' as const, to: sms }]),
    ...(email === undefined ? [] : [{ way: 'email' as const, to: email }]),
  ];
  return given.length === 1 ? given[0] : undefined;
}

/** What is shown and what is sealed of it; undefined where it is not what its way needs. */
function givenOf({ way, webPush, fcm, apns, sms }: Request<'putWay'>) {
  const all = { 'web-push': webPush, fcm, apns, sms } as const;
  const given: Readonly<Record<string, string>> | undefined = all[way];
  const others = Object.entries(all).some(([name, value]) => name !== way && value !== undefined);
  if (given === undefined || others) return undefined;
  const secretNames = Object.keys(wayShapes[way].secret.shape);
  const parts = Object.entries(given);
  return {
    settings: Object.fromEntries(parts.filter(([name]) => !secretNames.includes(name))),
    secret: Object.fromEntries(
      parts.flatMap(([name, value]) => (secretNames.includes(name) ? [[name, value]] : [])),
    ),
  };
}

const isoOf = (at: Date | undefined): string | undefined => at?.toISOString();

/** Leaves out what is not there. */
const present = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Field in keyof Fields]?: Exclude<Fields[Field], undefined>;
  };

export function shownNotice({ content, ...record }: NoticeRecord): Answer<'getNotice'> {
  const { id, endpoint, state, urgency, sentAt, deliveredAt, readAt } = record;
  return {
    ...{ id, endpoint, state, ...content, urgency, ways: [...record.ways] },
    ...{ createdAt: record.createdAt.toISOString(), expiresAt: record.expiresAt.toISOString() },
    ...present({ sentAt: isoOf(sentAt), deliveredAt: isoOf(deliveredAt), readAt: isoOf(readAt) }),
    deliveries: record.deliveries.map(
      ({ way, state: became, attemptCount, at, subscriptionId, device, reason }) => ({
        ...{ way, state: became, attemptCount },
        ...present({ subscriptionId, device, reason, at: isoOf(at) }),
      }),
    ),
  };
}

export const shownSubscription = ({
  device,
  createdAt,
  usedAt,
  ...record
}: SubscriptionRecord): Answer<'addSubscription'> => ({
  ...record,
  createdAt: createdAt.toISOString(),
  ...present({ device, usedAt: isoOf(usedAt) }),
});

const shownWay = (way: CredentialWay, set: WayRecord | undefined): Answer<'getWay'> =>
  set === undefined
    ? { way, isSet: false }
    : {
        ...{ way, isSet: true, settings: { ...set.settings }, changedAt: set.changedAt.toISOString() },
        ...present({ publicKey: set.publicKey }),
      };
