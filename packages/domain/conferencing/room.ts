/** What somebody may in a room: a listener is not heard, a moderator starts and ends it where its rules say so. */
export const roomRoles = ['moderator', 'speaker', 'listener'] as const;
export type RoomRole = (typeof roomRoles)[number];

/** When tones say that somebody came or went. */
export const roomTones = ['both', 'enter', 'exit', 'none'] as const;
export type RoomTones = (typeof roomTones)[number];

export const startRules = ['anybody', 'moderator'] as const;
export const endRules = ['last', 'moderator'] as const;

/** As many as a room may have, whatever its rules say. */
export const PARTICIPANT_COUNT_MAX = 250;
/** Groups of whispers: 1 to this. The mixer has eight ways of hearing, of which one is everybody's and one is of who is held. */
export const WHISPER_GROUP_MAX = 6;

/** What holds in a room. All of it may change while it runs. */
export interface RoomRules {
  readonly participantCountMax: number;
  /** Who may start it: until then everybody waits. */
  readonly startsWith: (typeof startRules)[number];
  /** Whose leaving ends it: that of the last in it, or of its last moderator. */
  readonly endsWith: (typeof endRules)[number];
  /** Whoever is no moderator waits until somebody lets them in. */
  readonly hasWaitingRoom: boolean;
  /** Nobody comes in any more. */
  readonly isLocked: boolean;
  readonly tones: RoomTones;
  /** Nobody starts it before this, in milliseconds since 1970. */
  readonly startsAtMs: number | undefined;
  /** When it ends whatever happens, in milliseconds since 1970. */
  readonly endsAtMs: number | undefined;
}

export const roomRulesOnTheFly: RoomRules = {
  participantCountMax: PARTICIPANT_COUNT_MAX,
  startsWith: 'anybody',
  endsWith: 'last',
  hasWaitingRoom: false,
  isLocked: false,
  tones: 'both',
  startsAtMs: undefined,
  endsAtMs: undefined,
};

/** A private word: the coach speaks to their group alone, whoever is coached hears the group beside the room. */
export interface Whisper {
  readonly group: number;
  readonly as: 'coach' | 'coached';
}

export interface Joining {
  readonly legId: string;
  readonly sessionId: string;
  /** As people know them: `user:alice`. */
  readonly identity: string;
  readonly role: RoomRole;
  readonly isMuted: boolean;
  /** False: they wait for somebody who does. */
  readonly startsRoom: boolean;
  /** The room ends when they leave. */
  readonly endsRoom: boolean;
}

export interface Participant extends Joining {
  /** `waiting`: they hear nobody and nobody hears them. */
  readonly standing: 'waiting' | 'in';
  readonly isHeld: boolean;
  readonly whisper: Whisper | undefined;
  /** Somebody let them in, or nobody has to. */
  readonly isAdmitted: boolean;
  readonly joinedAtMs: number;
}

export interface ParticipantChange {
  readonly isMuted?: boolean | undefined;
  readonly isHeld?: boolean | undefined;
  readonly role?: RoomRole | undefined;
  /** Null takes it back. */
  readonly whisper?: Whisper | null | undefined;
}

/** A room while it runs. It is plain data. */
export interface RoomState {
  readonly phase: 'waiting' | 'live' | 'ended';
  readonly rules: RoomRules;
  readonly participants: readonly Participant[];
  readonly startedAtMs: number | undefined;
  readonly peakCount: number;
}

/** How somebody left. */
export const leavings = ['ended', 'key', 'removed', 'moved', 'gone'] as const;
export type Leaving = (typeof leavings)[number];
export type JoinRefusal = 'full' | 'locked' | 'ended';

export type RoomInput =
  | { readonly type: 'join'; readonly joining: Joining }
  | { readonly type: 'leave'; readonly legId: string; readonly how: Leaving }
  | { readonly type: 'admit'; readonly legId: string }
  | { readonly type: 'change'; readonly legId: string; readonly change: ParticipantChange }
  | { readonly type: 'rules'; readonly rules: RoomRules }
  | { readonly type: 'end' }
  /** Time has passed. */
  | { readonly type: 'elapsed' };

export type RoomEffect =
  | { readonly type: 'refused'; readonly legId: string; readonly why: JoinRefusal }
  /** They are in the room, and wait. */
  | { readonly type: 'waits'; readonly legId: string }
  /** They hear and are heard from now on, as `controlOf` says. */
  | { readonly type: 'enters'; readonly legId: string }
  | { readonly type: 'changed'; readonly legId: string }
  | { readonly type: 'left'; readonly participant: Participant; readonly how: Leaving }
  | { readonly type: 'tone'; readonly of: 'enter' | 'exit' }
  | { readonly type: 'started' }
  /** Once, and last of all. */
  | { readonly type: 'ended' };

export type RoomStep = readonly [state: RoomState, effects: readonly RoomEffect[]];

export const openRoom = (rules: RoomRules): RoomState => ({
  phase: 'waiting',
  rules,
  participants: [],
  startedAtMs: undefined,
  peakCount: 0,
});

export const participantOf = (state: RoomState, legId: string): Participant | undefined =>
  state.participants.find((each) => each.legId === legId);

/** How the mixer is to treat somebody who is in. */
export function controlOf({ role, isMuted, isHeld, whisper }: Participant): {
  readonly isMuted: boolean;
  readonly isHeld: boolean;
  readonly speaksTo: readonly number[];
  readonly hears: readonly number[];
} {
  return {
    isMuted: isMuted || role === 'listener',
    isHeld,
    speaksTo: whisper?.as === 'coach' ? [whisper.group] : [0],
    hears: whisper === undefined ? [0] : [0, whisper.group],
  };
}

/**
 * A room without sockets and clock: what happened and the time go in, what is to be done comes out. What does not fit, such as the
 * leaving of somebody who is gone, changes nothing.
 */
export function advanceRoom(state: RoomState, input: RoomInput, nowMs: number): RoomStep {
  if (state.phase === 'ended')
    return [
      state,
      input.type === 'join' ? [{ type: 'refused', legId: input.joining.legId, why: 'ended' }] : [],
    ];
  switch (input.type) {
    case 'join':
      return join(state, input.joining, nowMs);
    case 'leave':
      return leave(state, input);
    case 'admit':
      return admit(state, input.legId, nowMs);
    case 'change':
      return change(state, input, nowMs);
    case 'rules':
      return elapsed(...begin({ ...state, rules: input.rules }, [], nowMs), nowMs);
    case 'end':
      return end(state, []);
    case 'elapsed':
      return state.phase === 'waiting'
        ? elapsed(...begin(state, [], nowMs), nowMs)
        : elapsed(state, [], nowMs);
  }
}

function join(state: RoomState, joining: Joining, nowMs: number): RoomStep {
  const { rules, participants } = state;
  const { legId } = joining;
  if (participantOf(state, legId) !== undefined) return [state, []];
  if (rules.isLocked) return [state, [{ type: 'refused', legId, why: 'locked' }]];
  if (participants.length >= rules.participantCountMax)
    return [state, [{ type: 'refused', legId, why: 'full' }]];
  const participant: Participant = {
    ...joining,
    standing: 'waiting',
    isHeld: false,
    whisper: undefined,
    isAdmitted: joining.role === 'moderator' || !rules.hasWaitingRoom,
    joinedAtMs: nowMs,
  };
  const joined = { ...state, participants: [...participants, participant] };
  const counted = { ...joined, peakCount: Math.max(state.peakCount, joined.participants.length) };
  const [next, effects] = begin(counted, [], nowMs);
  const isIn = participantOf(next, legId)?.standing === 'in';
  return [next, isIn ? effects : [...effects, { type: 'waits', legId }]];
}

/** Starts it where somebody is there who may, and lets in whoever needs wait no longer. */
function begin(state: RoomState, before: readonly RoomEffect[], nowMs: number): RoomStep {
  const mayStart = ({ startsRoom, role, isAdmitted }: Participant) =>
    startsRoom && isAdmitted && (state.rules.startsWith === 'anybody' || role === 'moderator');
  const isEarly = nowMs < (state.rules.startsAtMs ?? 0);
  if (state.phase === 'waiting' && (isEarly || !state.participants.some(mayStart))) return [state, before];
  const effects = [...before];
  if (state.phase === 'waiting') effects.push({ type: 'started' });
  const isFirst = !state.participants.some(({ standing }) => standing === 'in');
  const participants = state.participants.map((each) => {
    if (each.standing === 'in' || !each.isAdmitted) return each;
    effects.push({ type: 'enters', legId: each.legId });
    return { ...each, standing: 'in' as const };
  });
  const hasEntered = effects.some(({ type }) => type === 'enters');
  const { tones } = state.rules;
  // Whoever is alone would hear a tone of nobody.
  if (hasEntered && (!isFirst || participants.length > 1) && (tones === 'both' || tones === 'enter'))
    effects.push({ type: 'tone', of: 'enter' });
  return [{ ...state, phase: 'live', startedAtMs: state.startedAtMs ?? nowMs, participants }, effects];
}

function leave(
  state: RoomState,
  { legId, how }: { readonly legId: string; readonly how: Leaving },
): RoomStep {
  const participant = participantOf(state, legId);
  if (participant === undefined) return [state, []];
  const { rules } = state;
  const participants = state.participants.filter((each) => each !== participant);
  const effects: RoomEffect[] = [{ type: 'left', participant, how }];
  const next = { ...state, participants };
  const wasIn = participant.standing === 'in';
  const hasModerator = participants.some(({ role, standing }) => role === 'moderator' && standing === 'in');
  const endsByRule = rules.endsWith === 'moderator' && participant.role === 'moderator' && !hasModerator;
  if (participants.length === 0 || (wasIn && (participant.endsRoom || endsByRule))) return end(next, effects);
  if (wasIn && (rules.tones === 'both' || rules.tones === 'exit')) effects.push({ type: 'tone', of: 'exit' });
  return [next, effects];
}

function admit(state: RoomState, legId: string, nowMs: number): RoomStep {
  const participant = participantOf(state, legId);
  if (participant === undefined || participant.isAdmitted) return [state, []];
  return begin(
    withParticipant(state, { ...participant, isAdmitted: true }),
    [{ type: 'changed', legId }],
    nowMs,
  );
}

function change(
  state: RoomState,
  { legId, change: asked }: { readonly legId: string; readonly change: ParticipantChange },
  nowMs: number,
): RoomStep {
  const participant = participantOf(state, legId);
  if (participant === undefined) return [state, []];
  const { isMuted, isHeld, role } = participant;
  const next: Participant = {
    ...participant,
    isMuted: asked.isMuted ?? isMuted,
    isHeld: asked.isHeld ?? isHeld,
    role: asked.role ?? role,
    isAdmitted: participant.isAdmitted || asked.role === 'moderator',
    whisper: asked.whisper === undefined ? participant.whisper : (asked.whisper ?? undefined),
  };
  if (isSame(participant, next)) return [state, []];
  return begin(withParticipant(state, next), [{ type: 'changed', legId }], nowMs);
}

const isSame = (one: Participant, other: Participant): boolean =>
  one.isMuted === other.isMuted &&
  one.isHeld === other.isHeld &&
  one.role === other.role &&
  one.whisper?.group === other.whisper?.group &&
  one.whisper?.as === other.whisper?.as;

const withParticipant = (state: RoomState, changed: Participant): RoomState => ({
  ...state,
  participants: state.participants.map((each) => (each.legId === changed.legId ? changed : each)),
});

function elapsed(state: RoomState, before: readonly RoomEffect[], nowMs: number): RoomStep {
  const { endsAtMs } = state.rules;
  return endsAtMs === undefined || nowMs < endsAtMs ? [state, before] : end(state, before);
}

const end = (state: RoomState, before: readonly RoomEffect[]): RoomStep => [
  { ...state, phase: 'ended', participants: [] },
  [
    ...before,
    ...state.participants.map((participant) => ({ type: 'left', participant, how: 'ended' }) as const),
    { type: 'ended' },
  ],
];
