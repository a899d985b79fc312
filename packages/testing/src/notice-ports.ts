import type { NoticeRecord, SubscriptionRecord } from '@patchbay/domain/notices/notice';
import { labelOf, placeOf } from '@patchbay/domain/notices/notice-target';
import { createId } from '@patchbay/kit/ids';
import type { NoticePorts, WayRecord } from '@patchbay/services/notification/notice-ports';

interface Options {
  readonly waitingMax?: number;
  readonly targetsMax?: number;
  /** Why nothing is sent to a URL. */
  readonly refusal?: string;
}

interface Kept<Item> {
  readonly accountId: string;
  readonly item: Item;
}

/** Notices in memory: nobody brings them, and a notice stays as it was sent. */
export function memoryNoticePorts({ waitingMax = 100, targetsMax = 20, refusal }: Options = {}): NoticePorts {
  const notices = new Map<string, Kept<NoticeRecord>>();
  const targets = new Map<string, Kept<SubscriptionRecord>>();
  const ways = new Map<string, Kept<WayRecord>>();
  const own = <Item>(all: ReadonlyMap<string, Kept<Item>>, accountId: string): readonly Item[] =>
    [...all.values()].filter((one) => one.accountId === accountId).map(({ item }) => item);
  const noticeOf = (accountId: string, noticeId: string) =>
    own(notices, accountId).find(({ id }) => id === noticeId);
  return {
    notices: {
      async send({ entity: { accountId }, ttlSeconds, emailsPerDayMax: _max, ...asked }) {
        if (notices.size >= waitingMax) return 'too_many';
        const item: NoticeRecord = {
          ...{ id: createId('ntc', notices.size + 1), state: 'waiting', deliveries: [], ...asked },
          ...{ createdAt: new Date(0), expiresAt: new Date(ttlSeconds * 1_000) },
        };
        notices.set(item.id, { accountId, item });
        return item;
      },
      find: async ({ accountId, noticeId }) => noticeOf(accountId, noticeId),
      list: async ({ accountId, endpoint, limit }) => ({
        items: own(notices, accountId)
          .filter((one) => endpoint === undefined || one.endpoint === endpoint)
          .toReversed()
          .slice(0, limit),
      }),
      async cancel({ accountId, noticeId }) {
        const before = noticeOf(accountId, noticeId);
        if (before === undefined) return undefined;
        if (before.state !== 'waiting') return 'over';
        notices.set(noticeId, { accountId, item: { ...before, state: 'cancelled' } });
        return before;
      },
      async note({ accountId, noticeId, receipt }) {
        const before = noticeOf(accountId, noticeId);
        if (before === undefined) return undefined;
        const item = { ...before, state: receipt, deliveredAt: new Date(1) };
        notices.set(noticeId, { accountId, item });
        return item;
      },
    },
    targets: {
      async add({ accountId, endpoint, device, target }) {
        const key = `${accountId} ${target.way} ${placeOf(target)}`;
        const before = targets.get(key)?.item;
        if (before === undefined && targets.size >= targetsMax) return 'too_many';
        const record: SubscriptionRecord = {
          ...{ id: before?.id ?? createId('nsb', targets.size + 1), endpoint, device, way: target.way },
          ...{ label: labelOf(target), createdAt: new Date(0) },
        };
        targets.set(key, { accountId, item: record });
        return { record, isNews: before?.endpoint !== endpoint };
      },
      list: async ({ accountId, limit }) => ({ items: own(targets, accountId).slice(0, limit) }),
      async remove({ accountId, subscriptionId }) {
        const found = [...targets].find(
          ([, one]) => one.accountId === accountId && one.item.id === subscriptionId,
        );
        if (found !== undefined) targets.delete(found[0]);
        return found?.[1].item;
      },
      refusalOf: async () => refusal,
    },
    ways: {
      list: async (accountId) => own(ways, accountId),
      async set({ accountId, way, settings }) {
        const before = ways.get(`${accountId} ${way}`)?.item;
        const keys = way === 'web-push' ? { publicKey: 'a-public-key' } : {};
        const after = { way, settings, ...keys, changedAt: new Date(0) };
        ways.set(`${accountId} ${way}`, { accountId, item: after });
        return { before, after };
      },
      async remove({ accountId, way }) {
        const before = ways.get(`${accountId} ${way}`)?.item;
        ways.delete(`${accountId} ${way}`);
        return before;
      },
    },
  };
}
