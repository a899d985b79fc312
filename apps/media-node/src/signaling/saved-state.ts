import type { Device } from '@patchbay/domain/presence/registration';
import { Inbox, type KeptFrame, Outbox } from '@patchbay/protocol/signaling/mailbox';
import { encodeServerFrame, type ServerMessage } from '@patchbay/protocol/signaling/messages';
import type { Client } from './clients.ts';
import type { Principal } from './principal.ts';
import type { Leg, Session } from './session.ts';

/** Without what turns a credential into another: no credential is written to disk, its holder brings it again. */
type SavedPrincipal = Omit<Principal, 'narrow'>;

interface SavedClient {
  readonly resumeToken: string;
  readonly receivedSequence: number;
  readonly sentSequence: number;
  /** A process of the release before saved none. */
  readonly understands?: readonly string[];
  readonly device?: Device;
  readonly sinceMs?: number;
  readonly principal: SavedPrincipal;
  readonly isAttached: boolean;
  readonly detachedAtMs: number;
  readonly lastHeardAtMs: number;
  readonly messageCount: number;
  readonly messagesSinceMs: number;
}

type SavedLeg = Omit<Leg, 'client' | 'quality' | 'qualityAtMs'> & { readonly connectionId: string };

type SavedSession = Omit<Session, 'sessionId' | 'caller' | 'callee' | 'ringing' | 'limitsReached'> & {
  readonly caller: SavedLeg;
  readonly callee?: SavedLeg;
  readonly ringing: readonly string[];
  readonly limitsReached: readonly string[];
  /** Milliseconds that each credential prefix had used up when this was written. */
  readonly totals: Readonly<Record<string, number>>;
};

/** One step of the live state: the fields that changed, null for one that is absent now, or no fields when all of it is gone. */
export type StateChange =
  | { readonly kind: 'client' | 'session'; readonly id: string; readonly fields?: SavedFields }
  | ({ readonly kind: 'frame'; readonly id: string } & KeptFrame);

type SavedFields = Readonly<Record<string, unknown>>;

/** All that a signaling process has to know to go on where another one was. */
export interface SavedState {
  /** Of the state itself, from its first process on: tells a client that is forgotten from one that was never here. */
  readonly lineage: string;
  /** When the last change was written: until then its process certainly lived. */
  readonly savedAtMs: number;
  readonly clients: ReadonlyMap<string, SavedClient>;
  readonly sessions: ReadonlyMap<string, SavedSession>;
  readonly frames: ReadonlyMap<string, readonly KeptFrame[]>;
}

/**
 * Where the live state is kept. One process owns it at a time: what is saved here is told to the world only afterwards,
 * so whoever owns it next knows at least as much as anybody was told (architecture §6).
 */
export interface StateStore {
  /** What the last owner left behind. */
  readonly saved: SavedState;
  /** Throws `StateFencedError` once another process owns the state: then nothing of it may leave this one. */
  save(changes: readonly StateChange[], state: { nowMs: number; all: () => Iterable<StateChange> }): void;
}

export class StateFencedError extends Error {
  constructor() {
    super('Another process owns the live state of this signaling node.');
    this.name = 'StateFencedError';
  }
}

const savedPrincipals = new WeakMap<Principal, SavedClient['principal']>();

/** A principal is replaced and never changed: what is saved of it is made once, and known by its identity. */
function savedPrincipal(principal: Principal): SavedClient['principal'] {
  const before = savedPrincipals.get(principal);
  if (before !== undefined) return before;
  const { narrow: _narrow, ...rest } = principal;
  const saved = Object.freeze(rest);
  savedPrincipals.set(principal, saved);
  return saved;
}

export function savedClient(client: Client): SavedClient {
  const {
    resumeToken,
    understands,
    device,
    sinceMs,
    detachedAtMs,
    lastHeardAtMs,
    messageCount,
    messagesSinceMs,
  } = client;
  return {
    resumeToken,
    receivedSequence: client.inbox.lastSequence,
    sentSequence: client.outbox.lastSequence,
    understands,
    device,
    sinceMs,
    principal: savedPrincipal(client.principal),
    isAttached: client.socketId !== undefined,
    detachedAtMs,
    lastHeardAtMs,
    messageCount,
    messagesSinceMs,
  };
}

export function savedSession(session: Session, usedMsOf: (prefixId: string) => number): SavedSession {
  const { sessionId: _id, caller, callee, ringing, limitsReached, ...rest } = session;
  const prefixIds = [caller, callee].flatMap((leg) => leg?.totalPrefixIds ?? []);
  return {
    ...rest,
    caller: savedLeg(caller),
    ...(callee === undefined ? {} : { callee: savedLeg(callee) }),
    ringing: [...ringing].map(({ connectionId }) => connectionId),
    limitsReached: [...limitsReached],
    totals: Object.fromEntries(prefixIds.map((prefixId) => [prefixId, usedMsOf(prefixId)])),
  };
}

function savedLeg({ client, quality: _quality, qualityAtMs: _qualityAtMs, ...leg }: Leg): SavedLeg {
  return { ...leg, connectionId: client.connectionId };
}

/** The client as it was, away until it comes back with a credential. */
export function restoredClient(connectionId: string, state: SavedState): Client | undefined {
  const saved = state.clients.get(connectionId);
  if (saved === undefined) return undefined;
  const {
    resumeToken,
    receivedSequence,
    sentSequence,
    principal,
    understands = [],
    device = { kind: principal.deviceKind ?? 'other' },
    sinceMs = saved.lastHeardAtMs,
    isAttached,
    ...rest
  } = saved;
  const kept = state.frames.get(connectionId) ?? [];
  return {
    ...rest,
    connectionId,
    resumeToken,
    outbox: new Outbox<ServerMessage>(encodeServerFrame, { lastSequence: sentSequence, kept }),
    inbox: new Inbox(receivedSequence),
    sessionIds: new Set(),
    understands,
    device,
    sinceMs,
    principal: { ...principal, narrow: narrowNothing },
    socketId: undefined,
    isLeftBehind: isAttached,
    detachedAtMs: isAttached ? state.savedAtMs : rest.detachedAtMs,
  };
}

export function restoredSession(
  sessionId: string,
  state: SavedState,
  clientOf: (connectionId: string) => Client | undefined,
): Session | undefined {
  const saved = state.sessions.get(sessionId);
  if (saved === undefined) return undefined;
  const { caller, callee, ringing, limitsReached, totals: _totals, ...rest } = saved;
  const legOf = ({ connectionId, ...leg }: SavedLeg): Leg | undefined => {
    const client = clientOf(connectionId);
    return client && { ...leg, client, quality: undefined, qualityAtMs: Number.NEGATIVE_INFINITY };
  };
  const restoredCaller = legOf(caller);
  if (restoredCaller === undefined) return undefined;
  return {
    ...rest,
    sessionId,
    caller: restoredCaller,
    callee: callee && legOf(callee),
    ringing: new Set(ringing.flatMap((connectionId) => clientOf(connectionId) ?? [])),
    limitsReached: new Set(limitsReached),
  };
}

/** Who is away holds no credential here: relays are placed for its calls when it is back. */
function narrowNothing(): never {
  throw new Error('A client that is away has no credential to narrow.');
}

/** Adds up changes, in the order in which they were saved. */
export function foldState(
  lineage: string,
  frames: Iterable<{ readonly atMs: number; readonly changes: readonly StateChange[] }>,
): SavedState {
  const kinds = { client: new Map<string, SavedFields>(), session: new Map<string, SavedFields>() };
  const kept = new Map<string, KeptFrame[]>();
  let savedAtMs = 0;
  for (const { atMs, changes } of frames) {
    savedAtMs = Math.max(savedAtMs, atMs);
    for (const change of changes) {
      const { kind, id } = change;
      if (kind === 'frame') {
        const { sequence, source } = change;
        const ofClient = kept.get(id) ?? [];
        ofClient.push({ sequence, source });
        kept.set(id, ofClient);
      } else if (change.fields === undefined) {
        kinds[kind].delete(id);
        kept.delete(id);
      } else kinds[kind].set(id, patched(kinds[kind].get(id) ?? {}, change.fields));
    }
  }
  return {
    lineage,
    savedAtMs,
    clients: kinds.client as ReadonlyMap<string, unknown> as SavedState['clients'],
    sessions: kinds.session as ReadonlyMap<string, unknown> as SavedState['sessions'],
    frames: kept,
  };
}

const patched = (known: SavedFields, fields: SavedFields): SavedFields =>
  Object.fromEntries(Object.entries({ ...known, ...fields }).filter(([, value]) => value !== null));
