import type { DomainHandlers } from '@patchbay/kit/definition';
import type { z } from 'zod';
import type { sessions } from './definition.ts';
import type { LegRecord, LogRecord, RelayTotals, SessionRecord, SessionsPorts } from './ports.ts';

/** What everybody in a session is told when it is ended over the API or the dashboard. */
export const endedByAccountCode = 'session.ended_by_account';

const legAnswer = (leg: LegRecord) => ({
  id: leg.id,
  accountId: leg.accountId,
  ...(leg.identity === undefined ? {} : { identity: leg.identity }),
  state: leg.state,
  media: leg.media,
  ...(leg.joinedAt === undefined ? {} : { joinedAt: leg.joinedAt.toISOString() }),
  ...(leg.leftAt === undefined ? {} : { leftAt: leg.leftAt.toISOString() }),
});

/** A leg of another account is only an id; what became of it is not told (LIV-0). */
const opaqueLeg = (id: string, isEnded: boolean) => ({
  id,
  state: isEnded ? ('left' as const) : ('joined' as const),
});

function toAnswer(session: SessionRecord, totals: RelayTotals | undefined) {
  const legs = new Map(session.legs.map((leg) => [leg.id, leg]));
  const rates = session.legs.flatMap(({ state, bitsPerSecond }) =>
    state === 'joined' ? [bitsPerSecond ?? 0] : [],
  );
  return {
    id: session.id,
    kind: session.kind,
    accountId: session.accountId,
    accountName: session.accountName,
    ...(session.applicationId === undefined ? {} : { applicationId: session.applicationId }),
    state: session.state,
    mode: session.mode,
    participants: session.participants,
    legs: session.legIds.map((id) => {
      const leg = legs.get(id);
      return leg === undefined ? opaqueLeg(id, session.state === 'ended') : legAnswer(leg);
    }),
    region: session.region,
    startedAt: session.startedAt.toISOString(),
    ...(session.connectedAt === undefined ? {} : { connectedAt: session.connectedAt.toISOString() }),
    ...(session.endedAt === undefined ? {} : { endedAt: session.endedAt.toISOString() }),
    ...(session.endCode === undefined ? {} : { endCode: session.endCode }),
    relayBytes: String(totals?.relayBytes ?? 0n),
    relayMilliseconds: String(totals?.relayMilliseconds ?? 0n),
    // What one party sends the other receives, so the busiest leg stands for the session.
    ...(session.state === 'live' && rates.length > 0 ? { bitsPerSecond: Math.max(...rates) } : {}),
  };
}

type Json = z.core.util.JSONType;

const logAnswer = ({ sequence, at, kind, legId, data }: LogRecord) => ({
  sequence,
  at: at.toISOString(),
  kind,
  ...(legId === undefined ? {} : { legId }),
  // What the store holds came out of JSON, so it is JSON.
  data: data as Record<string, Json>,
});

const unknown = (sessionId: string) => `This account has no session ${sessionId}.`;

export const handlers: DomainHandlers<typeof sessions, SessionsPorts> = {
  sessions: {
    async list(context, request, ports) {
      const { accountId } = context.entity;
      const { items, nextCursor } = await ports.sessions.list({ accountId, ...request });
      const totals = await ports.usage.totalsOf({ accountId, sessionIds: items.map(({ id }) => id) });
      return {
        items: items.map((session) => toAnswer(session, totals.get(session.id))),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },

    async get(context, { sessionId }, ports) {
      const { accountId } = context.entity;
      const session = await ports.sessions.find({ accountId, sessionId });
      if (session === undefined) throw context.error('resource.unknown', unknown(sessionId));
      const totals = await ports.usage.totalsOf({ accountId, sessionIds: [sessionId] });
      return toAnswer(session, totals.get(sessionId));
    },

    async listLog(context, { sessionId, after, limit }, ports) {
      const { accountId } = context.entity;
      const session = await ports.sessions.find({ accountId, sessionId });
      if (session === undefined) throw context.error('resource.unknown', unknown(sessionId));
      const items = await ports.sessions.log({ accountId, sessionId, after, limit });
      const last = items.at(-1);
      return {
        items: items.map(logAnswer),
        ...(last === undefined || items.length < limit ? {} : { nextAfter: last.sequence }),
      };
    },

    async update(context, { sessionId }, ports) {
      const { accountId } = context.entity;
      const before = await ports.sessions.find({ accountId, sessionId });
      if (before === undefined) throw context.error('resource.unknown', unknown(sessionId));
      if (before.state === 'ended') throw context.error('sessions.ended', 'The session has ended already.');
      await ports.commands.endSession({
        sessionId,
        accountId: before.accountId,
        nodeId: before.nodeId,
        code: endedByAccountCode,
      });
      context.audit({ target: sessionId, before: { state: before.state }, after: { state: 'ended' } });
      const totals = await ports.usage.totalsOf({ accountId, sessionIds: [sessionId] });
      const after = (await ports.sessions.find({ accountId, sessionId })) ?? before;
      return toAnswer(after, totals.get(sessionId));
    },
  },
};
