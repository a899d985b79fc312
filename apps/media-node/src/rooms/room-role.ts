import { roomSizeOf } from '@patchbay/domain/conferencing/room-size';
import type { RoomAnswer, RoomOrder } from '@patchbay/domain/conferencing/room-words';
import type { UsageDraft } from '@patchbay/domain/metering/usage-record';
import { isStale } from '@patchbay/domain/sessions/control';
import type { Logger } from 'pino';
import type { ClipsOf } from '../media/sounds.ts';
import { MixerPool } from '../mixer/mixer-pool.ts';
import type { NodePlatform } from '../platform/node-platform.ts';
import { textOf } from '../platform/node-platform.ts';
import { announcementOf } from './announcement.ts';
import type { ParticipantUsage, RoomName, RoomsPorts, UsedRoom } from './room-ports.ts';
import { Rooms } from './rooms.ts';
import { RoomsTold } from './rooms-told.ts';

const TICK_MS = 100;
/** A room is whole in one process: as many as one may have. */
const LEGS_PER_MIXER_MAX = 250;

export interface RoomRoleOptions {
  readonly node: Pick<NodePlatform, 'client' | 'identity' | 'usage'>;
  readonly region: string;
  readonly log: Pick<Logger, 'warn' | 'error' | 'info'>;
  readonly clipsOf: ClipsOf;
  /** Default: one for each core but one. */
  readonly mixerCount?: number | undefined;
  /** To the legs of this node. */
  readonly legs: Pick<RoomsPorts, 'mixed' | 'over' | 'note'>;
}

/** Rooms of a media node: its mixers, what it tells of them, and what it is asked about them. */
export function runRooms({ node, region, log, clipsOf, legs, mixerCount }: RoomRoleOptions) {
  const { client, identity, usage } = node;
  const nowMs = (): number => Date.now();
  const named = ({ accountId, name }: RoomName) => ({ accountId, room: name });
  const nodeId = (): string => identity.nodeId ?? '';

  const told = new RoomsTold({
    names: () => rooms.names,
    snapshotOf: (room) => rooms.snapshotOf(room),
    send: (all) => client.call('roomsTold', { rooms: all.map((room) => ({ ...room })) }),
    onFailure: (error) => log.warn({ error: textOf(error) }, 'How rooms are was not told.'),
    nowMs,
  });
  const mixer: MixerPool = new MixerPool({
    legsPerProcessMax: LEGS_PER_MIXER_MAX,
    ...(mixerCount === undefined ? {} : { processCount: mixerCount }),
    events: {
      onActiveSpeakers: (...said) => rooms.mixerEvents.onActiveSpeakers(...said),
      onProcessed: (...said) => rooms.mixerEvents.onProcessed(...said),
      onLevels: (...said) => rooms.mixerEvents.onLevels(...said),
      onEnded: (...said) => rooms.mixerEvents.onEnded(...said),
    },
    onProcessDied: (how) => log.error({ how }, 'A mixer ended unasked and is started again.'),
  });
  const rooms: Rooms = new Rooms({
    ...legs,
    mixer,
    async home(room) {
      const home = await client.call('roomHome', { ...room, nodeId: nodeId() });
      if (home.nodeId !== nodeId()) return { isHere: false };
      const { rules, participants = [], participantCountMax } = home;
      return {
        isHere: true,
        participantCountMax,
        ...(rules === undefined ? {} : { set: { rules, participants } }),
      };
    },
    release: (room) => told.over(room),
    changed: (room) => told.changed(room),
    heard: (room) => told.heard(room),
    used(room, used, participants) {
      for (const draft of usageOf(room, used, { participants, region, nowMs: nowMs() })) usage.append(draft);
    },
    onMoved: (room, { tookMs, isMixed }) =>
      log.error(
        { ...named(room), tookMs },
        isMixed
          ? 'A room lost its mixer, and goes on in another one.'
          : 'A room lost its mixer, and no other took it.',
      ),
    onFailure: (room, error) =>
      log.warn({ ...named(room), error: textOf(error) }, 'A mixer refused what a room asked.'),
    nowMs,
  });

  async function carryOut({ accountId, name, by, change }: RoomOrder): Promise<RoomAnswer> {
    const room = { accountId, name };
    if (change.type !== 'announce') return rooms.obey(room, change, by);
    const samples = await announcementOf(change.sound, clipsOf);
    if ('problem' in samples)
      return { kind: 'refused', refusal: 'sound_unusable', detail: samples.problem.slice(0, 500) };
    return rooms.announce(room, samples.samples);
  }

  const timer = setInterval(() => {
    rooms.tick();
    void told.tick();
  }, TICK_MS);

  return {
    rooms,
    /** Of an order for another node nothing is done: that one answers. */
    obey(order: RoomOrder): void {
      if (order.nodeId !== nodeId() || isStale(order, nowMs())) return;
      void carryOut(order)
        .then((answer) => client.call('roomOrdered', { orderId: order.orderId, answer }))
        .catch((error: unknown) =>
          log.warn({ error: textOf(error) }, 'What became of an order about a room was not told.'),
        );
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      rooms.stop();
      await told.tick();
      await mixer.close();
    },
  };
}

/** What a room used as records of its account: its own time, and that of each who was in it, by their session. */
export function usageOf(
  { accountId }: RoomName,
  { roomMs, processMs, peakParticipantCount }: UsedRoom,
  {
    participants,
    region,
    nowMs,
  }: { readonly participants: readonly ParticipantUsage[]; readonly region: string; readonly nowMs: number },
): readonly UsageDraft[] {
  const dimensions = { size: roomSizeOf(participants.length), mixers: '1' };
  const common = { accountId, segment: 0, service: 'conferencing', region, modality: 'audio' as const };
  const quantities = [
    { meter: 'roomMs', quantity: roomMs, dimensions },
    { meter: 'processMs', quantity: processMs, dimensions },
    { meter: 'peakParticipants', quantity: peakParticipantCount, dimensions },
  ].filter(({ quantity }) => quantity > 0);
  const fromMs = Math.min(nowMs, ...participants.map((each) => each.fromMs));
  return [
    ...(quantities.length === 0 ? [] : [{ ...common, fromMs, toMs: nowMs, quantities }]),
    ...participants.map(({ sessionId, identity, fromMs: from, toMs }) => ({
      ...common,
      sessionId,
      // An endpoint of another account is that one's, and named in no record of this one.
      ...(/^user:[^@]+$/.test(identity) ? { endpointId: identity } : {}),
      fromMs: from,
      toMs,
      quantities: [{ meter: 'participantMs', quantity: toMs - from, dimensions }],
    })),
  ];
}
