import { type Presence, type SaidPresence, shownPresence } from '@patchbay/domain/presence/presence';
import type { Handlers } from '@patchbay/kit/definition';
import type { z } from 'zod';
import type { presence } from './definition.ts';
import type { PresencePorts } from './ports.ts';

type Shown = z.output<(typeof presence)['operations']['get']['response']>;

export const handlers: Handlers<typeof presence, PresencePorts> = {
  async list(context, { standing, ...page }, { presences }) {
    const { accountId } = context.entity;
    const isOnline = standing === undefined ? {} : { isOnline: standing === 'online' };
    const { items, ...rest } = await presences.list({ accountId, ...isOnline, ...page });
    if (items.length > 0) context.meter('lookups', items.length, {});
    return { ...rest, items: items.map((known) => toShown(shownPresence(known, context.nowMs()))) };
  },

  async get(context, { identity }, { presences }) {
    const known = await presences.find({ accountId: context.entity.accountId, identity });
    context.meter('lookups', 1, {});
    return toShown(shownPresence(known, context.nowMs()));
  },

  async set(context, { identity, state, note, lastsSeconds }, { presences }) {
    const { entity, config } = context;
    const { accountId } = entity;
    if (note !== undefined && note.length > config.noteLengthMax)
      throw context.error(
        'presence.note_too_long',
        `At most ${config.noteLengthMax} characters are allowed here, not ${note.length}.`,
      );
    const untilMs = lastsSeconds === undefined ? undefined : context.nowMs() + lastsSeconds * 1_000;
    const said: SaidPresence = { state, note, untilMs };
    const before = await presences.say({ accountId, identity, said });
    context.audit({
      target: identity,
      ...(before === undefined ? {} : { before: written(before) }),
      after: written(said),
    });
    context.meter('updates', 1, {});
    await context.emit('identity.said', { identity, state, ...(note === undefined ? {} : { note }) });
    return toShown(shownPresence(await presences.find({ accountId, identity }), context.nowMs()));
  },

  async clear(context, { identity }, { presences }) {
    const { accountId } = context.entity;
    const before = await presences.say({ accountId, identity, said: undefined });
    if (before === undefined)
      throw context.error('resource.unknown', `${identity} has said nothing of themselves.`);
    context.audit({ target: identity, before: written(before) });
    context.meter('updates', 1, {});
    await context.emit('identity.said', { identity });
    return toShown(shownPresence(await presences.find({ accountId, identity }), context.nowMs()));
  },
};

const isoOf = (atMs: number): string => new Date(atMs).toISOString();

function toShown({ lastSeenAtMs, devices, ...presence }: Presence): Shown {
  return {
    ...presence,
    ...(lastSeenAtMs === undefined ? {} : { lastSeenAt: isoOf(lastSeenAtMs) }),
    devices: devices.map(({ sinceMs, ...device }) => ({ ...device, since: isoOf(sinceMs) })),
  };
}

const written = ({ state, note, untilMs }: SaidPresence) => ({
  state,
  ...(note === undefined ? {} : { note }),
  ...(untilMs === undefined ? {} : { until: isoOf(untilMs) }),
});
