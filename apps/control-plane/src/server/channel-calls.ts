import type { NodeRecord } from '@patchbay/adapters/prisma/fleet-store';
import { channelName } from '@patchbay/domain/channels/channel-name';
import { bytesOfBody, readBody } from '@patchbay/domain/channels/message';
import { channelRefusal } from '@patchbay/domain/channels/namespace';
import { type channelCalls, MEMBER_PAGE_MAX, PART_MESSAGES_MAX } from '@patchbay/domain/channels/node-calls';
import type { InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { platformError } from '@patchbay/kit/errors';
import type { ChannelRefusalCode } from '@patchbay/protocol/signaling/channel-codes';
import type { z } from 'zod';
import type { ChannelWork } from './channel-work.ts';

type Call = keyof typeof channelCalls;
type Handlers = {
  readonly [C in Call]: (
    request: z.output<(typeof channelCalls)[C]['request']>,
    node: NodeRecord,
  ) => Promise<InternalResponse<C>>;
};

const refusal = (code: ChannelRefusalCode, detail: string) => ({ refusal: { code, detail } });

/** What signaling asks about channels. A relay has no word in them. */
export function channelHandlers(channels: ChannelWork['forNodes']): Handlers {
  return {
    async subscribeChannel(
      { accountId, channel, client, connectionId, device, boot, isPresent, after },
      node,
    ) {
      onlySignaling(node);
      const settings = await channels.settingsOf(accountId, channel);
      const wrong = nameRefusal(channel) ?? channelRefusal(settings, { channel, use: 'subscribe', client });
      if (wrong !== undefined) return refusal('notification.subscribe_refused', wrong);
      const part = await channels.part({
        ...{ accountId, channel, kept: settings, limit: PART_MESSAGES_MAX },
        // From now on: where the log stands is all that is asked for.
        after: after?.offset ?? Number.MAX_SAFE_INTEGER,
        epoch: after?.epoch,
      });
      if (isPresent && settings.presence) {
        const { identity } = client;
        await channels.join(
          { accountId, channel, connectionId, identity, device, nodeId: node.id, boot },
          settings,
        );
      }
      return { part: asPart(part), showsPresence: settings.presence };
    },

    async readChannel({ accountId, channel, after }, node) {
      onlySignaling(node);
      const kept = await channels.settingsOf(accountId, channel);
      return {
        part: asPart(
          await channels.part({
            ...{ accountId, channel, kept, limit: PART_MESSAGES_MAX },
            after: after.offset,
            epoch: after.epoch,
          }),
        ),
      };
    },

    async publishChannel({ accountId, channel, client, encoding, data, key, ttlSeconds }, node) {
      onlySignaling(node);
      const settings = await channels.settingsOf(accountId, channel);
      const wrong = nameRefusal(channel) ?? channelRefusal(settings, { channel, use: 'publish', client });
      if (wrong !== undefined) return refusal('notification.publish_refused', wrong);
      const body = readBody({ encoding, data });
      if (typeof body === 'string') return refusal('notification.message_malformed', body);
      const { identity: publisher, ...of } = client;
      const bytesMax = await channels.messageBytesMax({
        accountId,
        ...(of.applicationId === undefined ? {} : { applicationId: of.applicationId }),
        ...(of.instanceType === undefined ? {} : { instanceType: of.instanceType }),
      });
      if (bytesOfBody(body) > bytesMax)
        return refusal('notification.message_too_large', `At most ${bytesMax} bytes are allowed here.`);
      const published = await channels.publish(settings, {
        ...{ accountId, channel, body, publisher, key, ttlSeconds },
      });
      if (published === 'too_many')
        return refusal('notification.too_many_channels', 'No further channel can be begun.');
      const { epoch, offset, messageId } = published.message;
      return { published: { epoch, offset, messageId, isFresh: published.isFresh } };
    },

    async leaveChannels({ items }, node) {
      onlySignaling(node);
      for (const item of items) await channels.leave({ ...item, nodeId: node.id });
      return {};
    },

    async listChannelMembers({ accountId, channel, cursor }, node) {
      onlySignaling(node);
      const page = await channels.members.list({ accountId, channel, cursor, limit: MEMBER_PAGE_MAX });
      const counts = await channels.members.count({ accountId, names: [channel] });
      return { ...page, items: [...page.items], memberCount: counts.get(channel) ?? 0 };
    },
  };
}

function onlySignaling({ id, roles }: NodeRecord): void {
  if (!roles.includes('signaling'))
    throw platformError('auth.scope', `Node ${id} has no clients in channels.`);
}

const nameRefusal = (channel: string): string | undefined =>
  channelName.safeParse(channel).success ? undefined : 'No channel is called so.';

const asPart = <Part extends { readonly messages: readonly unknown[] }>(part: Part) =>
  ({ ...part, messages: [...part.messages] }) as Part & { messages: Part['messages'][number][] };
