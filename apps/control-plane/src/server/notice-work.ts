import { noticeQueue } from '@patchbay/adapters/notices/notice-queue';
import { noticeStore } from '@patchbay/adapters/notices/notice-store';
import { noticeSender } from '@patchbay/adapters/notices/send-notice';
import { targetStore } from '@patchbay/adapters/notices/target-store';
import { wayStore } from '@patchbay/adapters/notices/way-store';
import { linkSigner } from '@patchbay/adapters/objects/link-signer';
import { endpointCheck } from '@patchbay/adapters/outgoing/endpoint-check';
import type { SafeRequestOptions } from '@patchbay/adapters/outgoing/safe-request';
import { eventStore } from '@patchbay/adapters/prisma/event-store';
import { type MintBranchCipher, readMasterKey } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import { jsonBody } from '@patchbay/domain/channels/message';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';
import { receiptLinks, receipts } from '@patchbay/domain/notices/notice';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import { platformError } from '@patchbay/kit/errors';
import { notification } from '@patchbay/services/notification/definition';
import type { NoticePorts } from '@patchbay/services/notification/notice-ports';
import type { Pool } from 'pg';
import type { ChannelWork } from './channel-work.ts';
import { NoticeWorker } from './notice-worker.ts';

interface Options {
  readonly prisma: Parameters<typeof eventStore>[0];
  readonly pool: Pool;
  readonly cipher: MintBranchCipher;
  readonly masterKey: string;
  readonly channels: ChannelWork['ports'];
  readonly mails: Mails;
  readonly request: SafeRequestOptions;
  readonly originOf: (accountId: string) => Promise<string>;
  readonly chainOf: (accountId: string) => Promise<readonly { readonly state: string }[]>;
  readonly recordUsage: (usedBy: UsedBy, use: CountedUse) => void;
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs: () => number;
}

/** Notices at the control plane: what accounts ask, who brings them, and what says that they came. */
export function noticeWork(options: Options) {
  const { prisma, pool, cipher, channels, mails, request, originOf, chainOf, nowMs } = options;
  const targets = targetStore(pool, cipher);
  const ways = wayStore(pool, cipher);
  const events = eventStore(prisma);
  const signer = linkSigner(readMasterKey(options.masterKey), 'patchbay receipts');
  const isInsecureAllowed = (url: URL) => request.rule.isOwnMachine(url);
  const worker = new NoticeWorker({
    queue: noticeQueue(pool),
    targets,
    send: noticeSender({ ways, request, isInsecureAllowed, nowMs }),
    isHeard: async (accountId, name) =>
      ((await channels.members.count({ accountId, names: [name] })).get(name) ?? 0) > 0,
    async publish({ accountId, channel, told, ttlSeconds }) {
      const body = jsonBody(told);
      await channels.channels.publish({ accountId, channel, body, key: told.noticeId, ttlSeconds });
    },
    mail: (accountId, to, { content: { title, body } }) =>
      mails.send({
        ...{ accountId, to, reader: { customerOf: accountId } },
        ...{ subject: title, says: body === undefined ? [title] : body.split(/\n{2,}/) },
      }),
    async hand({ accountId, applicationId, id: noticeId, endpoint, content }) {
      const data = { noticeId, endpoint, ...content };
      const event = eventOfHandler({
        ...{ accountId, type: `${notification.name}.notice.handed`, data, atMs: nowMs() },
      });
      await events.append({ ...event, applicationId });
    },
    async receiptUrlOf({ accountId, id }, expiresMs) {
      const link = { accountId, id, expiresMs };
      const path = receiptLinks.pathOf(link, signer.sign(receiptLinks.textOf(link)));
      return new URL(path, await originOf(accountId)).href;
    },
    isActive: async (accountId) => (await chainOf(accountId)).every(({ state }) => state === 'active'),
    meter: (usedBy, way) =>
      options.recordUsage(usedBy, {
        meter: `${notification.name}.notices`,
        quantity: 1,
        dimensions: { way },
      }),
    atomically: (work) => atomically(prisma, work),
    onFailure: options.onFailure,
    nowMs,
  });
  const notices = noticeStore({ pool, nowMs, onAsked: () => worker.asked() });
  const ports: NoticePorts = {
    notices,
    targets: { ...targets, refusalOf: endpointCheck(request.rule, request.resolve).refusalOf },
    ways,
  };
  return {
    ports,
    worker,
    /**
     * Takes the word of whoever holds the link of a notice.
     * @throws resource.unknown for every link that does not hold, whatever is wrong with it.
     */
    async takeReceipt(url: string): Promise<void> {
      const address = new URL(url);
      const link = receiptLinks.from(address);
      const receipt = receipts.find((one) => one === (address.searchParams.get('receipt') ?? 'delivered'));
      const unknown = () => platformError('resource.unknown', 'This link leads nowhere, or not any more.');
      if (link === undefined || receipt === undefined) throw unknown();
      const { signature, ...signed } = link;
      if (!signer.isSigned(receiptLinks.textOf(signed), signature) || signed.expiresMs <= nowMs())
        throw unknown();
      const noted = await notices.note({ accountId: signed.accountId, noticeId: signed.id, receipt });
      if (noted === undefined) throw unknown();
    },
  };
}
