import { eventOfLine } from '@patchbay/domain/hooks/platform-event';
import {
  type FoldedLeg,
  type FoldedSession,
  foldLeg,
  foldSession,
  newLeg,
  newSession,
  ownerOf,
  type SessionEvent,
  type SessionKind,
  stateOf,
} from '@patchbay/domain/sessions/session-log';
import { isDataError } from './database-error.ts';
import { appendEvents } from './event-store.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';
import { storable } from './storable.ts';
import { atomically } from './unit-of-work.ts';

/** What a node reported. */
export interface SessionEventBatch {
  readonly nodeId: string;
  /** The kind of session that this node holds. It writes into no other, and a relay only into those that it began. */
  readonly kind: SessionKind;
  /** At most 1,000. */
  readonly events: readonly SessionEvent[];
}

export const SESSION_EVENTS_MAX = 1_000;

export interface IngestedEvents {
  /** Lines that were not known before. */
  readonly fresh: readonly SessionEvent[];
  /** Sessions of another account, or that this node does not hold: their lines were refused. */
  readonly refusedSessionIds: readonly string[];
  /** Sessions with a line that the database takes in no form. They hold up no other session (MET-7). */
  readonly unstorable: readonly { readonly sessionId: string; readonly error: unknown }[];
}

/**
 * Stores a batch and folds it into sessions and legs. The same batch any number of times, late and in any order, leads
 * to the same rows (MET-7). Each part is written in the scope of the account that owns it: a node that names an account
 * wrongly writes nothing into another's session.
 */
export async function ingestSessionEvents(
  prisma: PrismaClient,
  { nodeId, kind, events }: SessionEventBatch,
): Promise<IngestedEvents> {
  if (events.length > SESSION_EVENTS_MAX)
    throw new RangeError(`A batch has at most ${SESSION_EVENTS_MAX} events.`);
  const fresh: SessionEvent[] = [];
  const refusedSessionIds: string[] = [];
  const unstorable: { sessionId: string; error: unknown }[] = [];
  for (const [sessionId, ofSession] of Map.groupBy(events.map(storable), (event) => event.sessionId)) {
    try {
      // All of it at once: of two accounts with a part in one session, neither hears of it before what came first is there.
      const stored = await atomically(prisma, () => ingestSession(prisma, ofSession, { nodeId, kind }));
      if (stored === undefined) refusedSessionIds.push(sessionId);
      else fresh.push(...stored);
    } catch (error) {
      if (!isDataError(error)) throw error;
      unstorable.push({ sessionId, error });
    }
  }
  return { fresh, refusedSessionIds, unstorable };
}

type Reporter = Pick<SessionEventBatch, 'nodeId' | 'kind'>;

/** The lines of one session that are new. Undefined when this node may not write them. */
async function ingestSession(
  prisma: PrismaClient,
  events: readonly SessionEvent[],
  reporter: Reporter,
): Promise<readonly SessionEvent[] | undefined> {
  const [first] = events;
  if (first === undefined) return [];
  // A session at a relay has one party: no line of it is another account's.
  const isWithinAccount =
    reporter.kind === 'call' || events.every((line) => ownerOf(line) === first.accountId);
  const isOwned =
    isWithinAccount &&
    events.every(({ accountId }) => accountId === first.accountId) &&
    (await inAccount(prisma, first.accountId, (transaction) => putSession(transaction, events, reporter)));
  if (!isOwned) return undefined;
  const fresh: SessionEvent[] = [];
  for (const [owner, lines] of Map.groupBy(events, ownerOf)) {
    const put = await inAccount(prisma, owner, async (transaction) => {
      const added = await putLines(transaction, lines);
      // Told of once, because a line is new once, and not at all if the line is not kept.
      await appendEvents(
        transaction,
        added.flatMap((line) => eventOfLine(line, reporter.kind) ?? []),
      );
      return added;
    });
    fresh.push(...put);
  }
  return fresh;
}

/** False when the session belongs to an account outside this scope, or is not this node's to write. */
async function putSession(
  transaction: ScopedTransaction,
  events: readonly SessionEvent[],
  { nodeId, kind }: Reporter,
): Promise<boolean> {
  const [first] = events;
  if (first === undefined) return true;
  const id = first.sessionId;
  const startedAtMs = Math.min(...events.map(({ atMs }) => atMs));
  await transaction.session.createMany({
    data: {
      id,
      accountId: first.accountId,
      applicationId: first.applicationId ?? null,
      nodeId,
      kind,
      region: first.region ?? '',
      startedAt: new Date(startedAtMs),
    },
    skipDuplicates: true,
  });
  // Two batches about one session wait for each other here.
  await transaction.$queryRaw`SELECT id FROM session WHERE id = ${id} FOR UPDATE`;
  const row = await transaction.session.findFirst({ where: { id, accountId: first.accountId } });
  if (row === null || row.kind !== kind) return false;
  if (kind === 'relay' && row.nodeId !== nodeId) return false;
  const folded = events.reduce(foldSession, sessionFromRow(row));
  await transaction.session.update({
    where: { id },
    data: { ...sessionToRow(folded), nodeId },
    select: { id: true },
  });
  return true;
}

/** Lines and legs of one account. Returns the lines that are new. */
async function putLines(
  transaction: ScopedTransaction,
  lines: readonly SessionEvent[],
): Promise<readonly SessionEvent[]> {
  const stored = await transaction.sessionEvent.createManyAndReturn({
    data: lines.map((line) => ({
      sessionId: line.sessionId,
      sequence: line.sequence,
      accountId: ownerOf(line),
      legId: line.legId ?? null,
      at: new Date(line.atMs),
      kind: line.type,
      data: line.data as Prisma.InputJsonObject,
    })),
    skipDuplicates: true,
    select: { sequence: true },
  });
  // Sorted, so that two batches take the legs in the same order and never wait for each other in a circle.
  const legIds = [...new Set(lines.flatMap(({ legId }) => legId ?? []))].sort();
  for (const legId of legIds) {
    await putLeg(
      transaction,
      lines.filter((line) => line.legId === legId),
    );
  }
  const sequences = new Set(stored.map(({ sequence }) => sequence));
  return lines.filter(({ sequence }) => sequences.has(sequence));
}

async function putLeg(transaction: ScopedTransaction, lines: readonly SessionEvent[]): Promise<void> {
  const [first] = lines;
  if (first?.legId === undefined) return;
  const { sessionId, legId: id } = first;
  const accountId = ownerOf(first);
  await transaction.sessionLeg.createMany({ data: { id, sessionId, accountId }, skipDuplicates: true });
  await transaction.$queryRaw`SELECT id FROM session_leg WHERE id = ${id} FOR UPDATE`;
  const row = await transaction.sessionLeg.findFirst({ where: { id, sessionId, accountId } });
  if (row === null) return;
  const folded = lines.reduce(foldLeg, legFromRow(row));
  await transaction.sessionLeg.update({ where: { id }, data: legToRow(folded), select: { id: true } });
}

const dateOf = (ms: number | undefined) => (ms === undefined ? null : new Date(ms));
const bigintOf = (value: number | undefined) => (value === undefined ? null : BigInt(value));
const numberOf = (value: bigint | null) => (value === null ? undefined : Number(value));

const sessionFromRow = (row: Prisma.SessionGetPayload<object>): FoldedSession => ({
  // A check on the column holds it to these.
  ...newSession(row.startedAt.getTime(), row.kind as FoldedSession['kind']),
  connectedAtMs: row.connectedAt?.getTime(),
  endedAtMs: row.endedAt?.getTime(),
  endCode: row.endCode ?? undefined,
  // A check on the column holds it to these.
  mode: { value: row.mode as FoldedSession['mode']['value'], sequence: row.modeSequence },
  pausedAtMs: { value: row.pausedAt?.getTime(), sequence: row.pauseSequence },
  limits: {
    value: { endsAtMs: row.endsAt?.getTime(), bitsPerSecondMax: numberOf(row.bitsPerSecondMax) },
    sequence: row.limitsSequence,
  },
  legIds: row.legIds,
  joinedLegIds: row.joinedLegIds,
  leftLegIds: row.leftLegIds,
});

const sessionToRow = (session: FoldedSession) => ({
  state: stateOf(session),
  startedAt: new Date(session.startedAtMs),
  connectedAt: dateOf(session.connectedAtMs),
  endedAt: dateOf(session.endedAtMs),
  endCode: session.endCode ?? null,
  mode: session.mode.value,
  modeSequence: session.mode.sequence,
  pausedAt: dateOf(session.pausedAtMs.value),
  pauseSequence: session.pausedAtMs.sequence,
  endsAt: dateOf(session.limits.value.endsAtMs),
  bitsPerSecondMax: bigintOf(session.limits.value.bitsPerSecondMax),
  limitsSequence: session.limits.sequence,
  legIds: [...session.legIds],
  joinedLegIds: [...session.joinedLegIds],
  leftLegIds: [...session.leftLegIds],
});

const legFromRow = (row: Prisma.SessionLegGetPayload<object>): FoldedLeg => ({
  ...newLeg,
  // A check on the column holds it to these.
  state: row.state as FoldedLeg['state'],
  identity: row.identity ?? undefined,
  joinedAtMs: row.joinedAt?.getTime(),
  leftAtMs: row.leftAt?.getTime(),
  media: {
    value: { audio: row.audio, video: row.video, screen: row.screen },
    sequence: row.mediaSequence,
  },
  bitsPerSecond: {
    value: numberOf(row.bitsPerSecond),
    sequence: row.qualitySequence,
  },
  muted: {
    value: { audio: row.mutedAudio, video: row.mutedVideo, screen: row.mutedScreen },
    sequence: row.mutedSequence,
  },
});

const legToRow = ({ state, identity, joinedAtMs, leftAtMs, media, bitsPerSecond, muted }: FoldedLeg) => ({
  state,
  identity: identity ?? null,
  joinedAt: dateOf(joinedAtMs),
  leftAt: dateOf(leftAtMs),
  ...media.value,
  mediaSequence: media.sequence,
  bitsPerSecond: bigintOf(bitsPerSecond.value),
  qualitySequence: bitsPerSecond.sequence,
  mutedAudio: muted.value.audio,
  mutedVideo: muted.value.video,
  mutedScreen: muted.value.screen,
  mutedSequence: muted.sequence,
});
