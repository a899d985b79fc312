import { namespaceOf } from '@patchbay/domain/channels/channel-name';
import {
  bytesOfBody,
  type ChannelMember,
  isBase64,
  jsonBody,
  type MessageBody,
  type StoredMessage,
  shownBody,
} from '@patchbay/domain/channels/message';
import { defaultSettingsOf, namespaceSettings } from '@patchbay/domain/channels/namespace';
import type { ChannelRecord } from '@patchbay/domain/channels/records';
import { regionsInBoth, regionsText } from '@patchbay/domain/policy/serving-regions';
import type { Handlers } from '@patchbay/kit/definition';
import { bearerToken, credentialIdOf } from '@patchbay/protocol/credential/credential';
import { lifetimeSecondsOf, mintedFor, requestedCaveats } from '../credential-request.ts';
import type { notification } from './definition.ts';
import { noticeHandlers } from './notice-handlers.ts';
import type { NotificationPorts } from './ports.ts';

export const handlers: Handlers<typeof notification, NotificationPorts> = {
  ...noticeHandlers,

  async publish(context, { channel, data, base64, ttlSeconds, messageKey: key }, { channels }) {
    const { entity, config } = context;
    const body = bodyOf({ data, base64 });
    if (typeof body === 'string') throw context.error('request.invalid', body);
    const bytes = bytesOfBody(body);
    if (bytes > config.messageBytesMax) {
      throw context.error(
        'notification.message_too_large',
        `At most ${config.messageBytesMax} bytes are allowed here, not ${bytes}.`,
      );
    }
    const published = await channels.publish({ accountId: entity.accountId, channel, body, key, ttlSeconds });
    if (published === 'too_many')
      throw context.error('notification.too_many_channels', 'No further channel can be begun.');
    const { message, isFresh } = published;
    if (isFresh) context.meter('messages', 1, { direction: 'published' });
    const { messageId, epoch, offset, publishedAtMs } = message;
    return { messageId, epoch, offset, publishedAt: isoOf(publishedAtMs) };
  },

  async listMessages({ entity: { accountId } }, request, { channels }) {
    const { items, ...position } = await channels.messages({ accountId, ...request });
    return { ...position, items: items.map(shownMessage) };
  },

  async listMembers({ entity: { accountId } }, request, { members }) {
    const { channel } = request;
    const counts = await members.count({ accountId, names: [channel] });
    const { items, ...page } = await members.list({ accountId, ...request });
    return { ...page, items: items.map(shownMember), memberCount: counts.get(channel) ?? 0 };
  },

  async listChannels({ entity: { accountId } }, request, { channels, members }) {
    const { items, ...page } = await channels.list({ accountId, ...request });
    const counts = await members.count({ accountId, names: items.map(({ name }) => name) });
    return { ...page, items: items.map((found) => shownChannel(found.name, found, counts.get(found.name))) };
  },

  async getChannel(context, { channel }, { channels, members }) {
    const { accountId } = context.entity;
    const found = await channels.find({ accountId, channel });
    const counts = await members.count({ accountId, names: [channel] });
    const memberCount = counts.get(channel) ?? 0;
    if (found === undefined && memberCount === 0)
      throw context.error('resource.unknown', `Nothing was published in ${channel}, and nobody is there.`);
    return shownChannel(channel, found, memberCount);
  },

  async removeChannel(context, { channel }, { channels }) {
    const { entity, audit, emit } = context;
    const removed = await channels.remove({ accountId: entity.accountId, channel });
    if (removed === undefined)
      throw context.error('resource.unknown', `Nothing was published in ${channel}.`);
    const { epoch, headOffset } = removed;
    audit({ target: channel, before: { epoch, headOffset } });
    await emit('channel.removed', { channel });
    return { name: channel };
  },

  async listNamespaces({ entity: { accountId } }, request, { namespaces }) {
    const { items, ...page } = await namespaces.list({ accountId, ...request });
    return {
      ...page,
      items: items.map(({ name, settings }) => ({ namespace: name, ...settings, isDefault: false })),
    };
  },

  async getNamespace({ entity: { accountId } }, { namespace }, { namespaces }) {
    const set = await namespaces.find({ accountId, name: namespace });
    return { namespace, ...(set ?? defaultSettingsOf(namespace)), isDefault: set === undefined };
  },

  async putNamespace(context, { namespace, ...given }, { namespaces }) {
    const { entity, audit, emit } = context;
    const settings = namespaceSettings.parse(given);
    const before = await namespaces.set({ accountId: entity.accountId, name: namespace, settings });
    if (before === 'too_many')
      throw context.error('notification.too_many_namespaces', `${namespace} is one more than there may be.`);
    audit({ target: namespace, before: before ?? defaultSettingsOf(namespace), after: settings });
    const answer = { namespace, ...settings, isDefault: false };
    await emit('namespace.set', answer);
    return answer;
  },

  async removeNamespace(context, { namespace }, { namespaces }) {
    const { entity, audit, emit } = context;
    const before = await namespaces.remove({ accountId: entity.accountId, name: namespace });
    if (before === undefined)
      throw context.error('resource.unknown', `Nothing is set for the namespace ${namespace}.`);
    audit({ target: namespace, before });
    await emit('namespace.removed', { namespace });
    return { namespace };
  },

  async createToken(context, request, { minting, placement }) {
    const { entity, config, nowMs, audit } = context;
    const { accountId } = entity;
    const ttlSeconds = lifetimeSecondsOf(request.ttlSeconds, config.tokenTtlSecondsMax, (detail) =>
      context.error('notification.ttl_too_long', detail),
    );
    const regions = regionsInBoth(context.regions, request.regions);
    const signalUrl = await placement.signalUrl({ accountId, regions });
    if (signalUrl === undefined)
      throw context.error('notification.no_node', `No signaling node${regionsText(regions)} is in service.`);
    const mintedAtMs = nowMs();
    const limits = { ...request, applicationId: request.applicationId ?? entity.applicationId, ttlSeconds };
    const credential = await mintedFor(
      minting,
      {
        accountId,
        caveats: [
          { type: 'account', accountId },
          { type: 'services', services: ['notification'] },
          ...requestedCaveats(limits, mintedAtMs),
        ],
      },
      (detail) => context.error('notification.no_key', detail),
    );
    const expiresAt = isoOf(mintedAtMs + ttlSeconds * 1_000);
    audit({ target: credentialIdOf(credential.username), after: { ...request, expiresAt } });
    return { token: bearerToken(credential), signalUrl, expiresAt };
  },
};

const isoOf = (ms: number): string => new Date(ms).toISOString();

/** The body that is asked for, or what is wrong with it. */
function bodyOf({ data, base64 }: { data?: unknown; base64?: string | undefined }): MessageBody | string {
  if ((data === undefined) === (base64 === undefined))
    return 'A message has either data, which is JSON, or base64.';
  if (base64 === undefined) return jsonBody(data);
  return isBase64(base64) ? { encoding: 'base64', data: base64 } : '/base64: It is not base64 with padding.';
}

function shownMessage({
  messageId,
  epoch,
  offset,
  publishedAtMs,
  publisher,
  expiresAtMs,
  ...body
}: StoredMessage) {
  return {
    messageId,
    epoch,
    offset,
    publishedAt: isoOf(publishedAtMs),
    ...(publisher === undefined ? {} : { publisher }),
    ...(shownBody(body) as { data?: never; base64?: string }),
    ...(expiresAtMs === undefined ? {} : { expiresAt: isoOf(expiresAtMs) }),
  };
}

const shownMember = ({ sinceMs, ...member }: ChannelMember) => ({ ...member, since: isoOf(sinceMs) });

const shownChannel = (name: string, found: ChannelRecord | undefined, memberCount = 0) => ({
  name,
  namespace: namespaceOf(name),
  headOffset: found?.headOffset ?? 0,
  ...(found === undefined
    ? {}
    : {
        epoch: found.epoch,
        createdAt: found.createdAt.toISOString(),
        publishedAt: found.publishedAt.toISOString(),
      }),
  memberCount,
});
