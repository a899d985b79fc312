import { PARTICIPANT_COUNT_MAX, roomRulesOnTheFly } from '@patchbay/domain/conferencing/room';
import { homeRulesOf, type RoomSettings } from '@patchbay/domain/conferencing/room-settings';
import {
  type RoomAnswer,
  type RoomChange,
  type RoomSnapshot,
  writtenRules,
} from '@patchbay/domain/conferencing/room-words';
import { type Handlers, prepared, type ServiceContext } from '@patchbay/kit/definition';
import { ServiceError } from '@patchbay/kit/errors';
import type { z } from 'zod';
import type { conferencing } from './definition.ts';
import type { ConferencingPorts, RoomRecord } from './ports.ts';

type Definition = typeof conferencing;
type OrderErrorCode =
  | 'request.invalid'
  | 'resource.unknown'
  | `conferencing.${keyof Definition['errors'] & string}`;
/** Who asks for an order, by whichever operation. */
interface Ordering
  extends Pick<ServiceContext<Definition, 'endRoom'>, 'entity' | 'actorName' | 'audit' | 'meter' | 'nowMs'> {
  error(code: OrderErrorCode, publicDetail: string): ServiceError;
}
type Shown = z.output<Definition['operations']['getRoom']['response']>;
type Done = Extract<RoomAnswer, { readonly kind: 'done' }>;

/** How soon whoever found a node away may ask again. */
const RETRY_AFTER_MS = 1_000;

export const handlers: Handlers<Definition, ConferencingPorts> = {
  async listRooms({ entity: { accountId } }, page, { rooms }) {
    const { items, ...rest } = await rooms.list({ accountId, ...page });
    return {
      ...rest,
      items: items.map((record) => {
        const { participants: _participants, ...room } = shown(record);
        return room;
      }),
    };
  },

  async getRoom(context, { room: name }, { rooms }) {
    const found = await rooms.find({ accountId: context.entity.accountId, name });
    if (found === undefined)
      throw context.error('resource.unknown', `Nothing is set for a room ${name}, and it does not run.`);
    return shown(found);
  },

  setRoom: prepared(async (context, { room: name, ...settings }, { rooms, orders }) => {
    const { entity, config } = context;
    const { accountId } = entity;
    const isSaid = settings.participantCountMax !== PARTICIPANT_COUNT_MAX;
    if (isSaid && settings.participantCountMax > config.participantCountMax)
      throw context.error(
        'conferencing.too_large',
        `At most ${config.participantCountMax} may be in a room here, not ${settings.participantCountMax}.`,
      );
    const participantCountMax = Math.min(settings.participantCountMax, config.participantCountMax);
    const held: RoomSettings = { ...settings, participantCountMax };
    const live = (await rooms.find({ accountId, name }))?.live;
    // What runs is told first: what is kept is then what holds.
    const snapshot = live && (await hold(context, { name, live, settings: held }, orders)).after;
    return async () => {
      const before = await rooms.set({ accountId, name, settings: held });
      if (before === 'too_many')
        throw context.error('conferencing.too_many_rooms', `${name} is one more than there may be.`);
      context.audit({ target: name, ...(before === undefined ? {} : { before }), after: held });
      context.meter('requests', 1, {});
      await context.emit('room.set', { room: name });
      return shown({ name, settings: held, live: live && { ...live, snapshot } });
    };
  }),

  async removeRoom(context, { room: name }, { rooms }) {
    const before = await rooms.remove({ accountId: context.entity.accountId, name });
    if (before === undefined) throw context.error('resource.unknown', `Nothing is set for a room ${name}.`);
    context.audit({ target: name, before });
    await context.emit('room.removed', { room: name });
    return { room: name };
  },

  endRoom: prepared(async (context, { room: name }, ports) => {
    const { found, done, keep } = await order(context, { name, change: { type: 'end' } }, ports);
    return async () => {
      keep();
      if (done.isChanged) await context.emit('room.ended', { room: name });
      return shown({ ...found, live: undefined });
    };
  }),

  updateParticipant: prepared(async (context, { room: name, legId, moveTo, isAdmitted, ...said }, ports) => {
    const isSaid = Object.values(said).some((value) => value !== undefined);
    const asked = [moveTo !== undefined, isAdmitted === true, isSaid].filter(Boolean).length;
    if (asked !== 1)
      throw context.error(
        'request.invalid',
        'A request lets somebody in, moves them, or changes how they are: one of the three.',
      );
    const change: RoomChange =
      moveTo !== undefined
        ? { type: 'move', legId, to: moveTo }
        : isAdmitted === true
          ? { type: 'admit', legId }
          : { type: 'participant', legId, change: said };
    const { found, done, keep } = await order(context, { name, change }, ports);
    return async () => {
      keep();
      return shown(after(found, done));
    };
  }),

  removeParticipant: prepared(async (context, { room: name, legId }, ports) => {
    const { found, done, keep } = await order(context, { name, change: { type: 'remove', legId } }, ports);
    return async () => {
      keep();
      return shown(after(found, done));
    };
  }),

  announce: prepared(async (context, { room: name, url, text, voice }, ports) => {
    if ((url === undefined) === (text === undefined))
      throw context.error('request.invalid', 'What is announced is url or text: one of them.');
    const sound =
      url !== undefined
        ? ({ kind: 'play', url } as const)
        : ({ kind: 'say', text: text ?? '', ...(voice === undefined ? {} : { voice }) } as const);
    const { keep } = await order(context, { name, change: { type: 'announce', sound } }, ports);
    return async () => {
      keep();
      await context.emit('room.announced', { room: name });
      return { room: name };
    };
  }),
};

/** Tells a room that runs what is set for it. */
async function hold(
  context: Ordering,
  {
    settings,
    ...found
  }: {
    readonly name: string;
    readonly live: NonNullable<RoomRecord['live']>;
    readonly settings: RoomSettings;
  },
  orders: ConferencingPorts['orders'],
): Promise<Done> {
  const { rules } = homeRulesOf(settings, found.live.snapshot?.startedAtMs ?? context.nowMs());
  return await give(context, { found, change: { type: 'rules', rules } }, orders);
}

/** Gives an order about a room that runs. `keep`: counts it, and puts into the audit log what it changed. */
async function order(
  context: Ordering,
  { name, change }: { readonly name: string; readonly change: RoomChange },
  { rooms, orders }: ConferencingPorts,
): Promise<{ readonly found: RoomRecord; readonly done: Done; readonly keep: () => void }> {
  const found = await rooms.find({ accountId: context.entity.accountId, name });
  if (found?.live === undefined) throw context.error('conferencing.not_running', `No room ${name} runs.`);
  const done = await give(context, { found, change }, orders);
  const keep = () => {
    context.meter('requests', 1, {});
    context.audit(auditOf(name, change, done));
  };
  return { found, done, keep };
}

async function give(
  context: Ordering,
  {
    found: { name, live },
    change,
  }: { readonly found: Pick<RoomRecord, 'name' | 'live'>; readonly change: RoomChange },
  orders: ConferencingPorts['orders'],
): Promise<Done> {
  const { accountId } = context.entity;
  const by = (context.actorName ?? 'the platform').slice(0, 200);
  const answer = await orders.give({ accountId, name, nodeId: live?.nodeId ?? '', by, change });
  if (answer === undefined) {
    const { fields } = context.error('conferencing.node_away', 'Nothing was heard of whether it was done.');
    throw new ServiceError({ ...fields, retryAfterMs: RETRY_AFTER_MS });
  }
  if (answer.kind === 'done') return answer;
  const code = (
    {
      room_unknown: 'conferencing.not_running',
      participant_unknown: 'conferencing.participant_unknown',
      sound_unusable: 'conferencing.sound_unusable',
      move_refused: 'conferencing.move_refused',
    } as const
  )[answer.refusal];
  throw context.error(code, answer.detail);
}

function auditOf(name: string, change: RoomChange, { before, after: then }: Done) {
  switch (change.type) {
    case 'end':
    case 'rules':
      return {
        target: name,
        before: { ...before.rules, phase: before.phase },
        after: { ...then.rules, phase: then.phase },
      };
    case 'announce':
      return { target: name, after: announced(change.sound) };
    case 'admit':
    case 'participant':
    case 'remove':
    case 'move': {
      const of = ({ participants }: RoomSnapshot) => {
        const one = participants.find(({ legId }) => legId === change.legId);
        if (one === undefined) return { standing: 'out' };
        const { role, standing, isMuted, isHeld, whisper } = one;
        return { role, standing, isMuted, isHeld, ...(whisper === undefined ? {} : { whisper }) };
      };
      const moved = change.type === 'move' ? { room: change.to } : {};
      return { target: `${name}/${change.legId}`, before: of(before), after: { ...of(then), ...moved } };
    }
  }
}

/** What was spoken is kept nowhere: how long it was is enough to tell it by (PRD-4). */
const announced = (sound: Extract<RoomChange, { type: 'announce' }>['sound']) =>
  sound.kind === 'play' ? sound : { kind: sound.kind, characters: sound.text.length };

const after = (found: RoomRecord, { after: snapshot }: Done): RoomRecord => ({
  ...found,
  live: snapshot.phase === 'ended' || found.live === undefined ? undefined : { ...found.live, snapshot },
});

const isoOf = (atMs: number): string => new Date(atMs).toISOString();

/** What holds in a room for which nothing was set. */
function settingsOf({ settings, live }: RoomRecord): RoomSettings {
  if (settings !== undefined) return settings;
  const { startsAtMs, endsAtMs: _ends, ...rules } = live?.snapshot?.rules ?? writtenRules(roomRulesOnTheFly);
  return { ...rules, ...(startsAtMs === undefined ? {} : { startsAt: isoOf(startsAtMs) }), invited: [] };
}

function shown(record: RoomRecord): Shown {
  const { name, settings, live } = record;
  const { startedAtMs, rules, participants = [], peakCount = 0, phase } = live?.snapshot ?? {};
  return {
    room: name,
    isSet: settings !== undefined,
    ...settingsOf(record),
    state: live === undefined || phase === 'ended' ? 'idle' : phase === 'live' ? 'live' : 'waiting',
    ...(startedAtMs === undefined ? {} : { startedAt: isoOf(startedAtMs) }),
    ...(rules?.endsAtMs === undefined ? {} : { endsAt: isoOf(rules.endsAtMs) }),
    participantCount: participants.length,
    peakParticipantCount: peakCount,
    participants: participants.map(({ joinedAtMs, ...each }) => ({ ...each, joinedAt: isoOf(joinedAtMs) })),
  };
}
