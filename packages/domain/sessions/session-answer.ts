import type { ControlStanding } from './control.ts';
import type { LegRecord, RelayTotals, SessionRecord } from './ports.ts';

export const legAnswer = (leg: LegRecord) => ({
  id: leg.id,
  accountId: leg.accountId,
  ...(leg.identity === undefined ? {} : { identity: leg.identity }),
  state: leg.state,
  media: leg.media,
  ...(leg.muted === undefined ? {} : { muted: leg.muted }),
  ...(leg.joinedAt === undefined ? {} : { joinedAt: leg.joinedAt.toISOString() }),
  ...(leg.leftAt === undefined ? {} : { leftAt: leg.leftAt.toISOString() }),
});

/** A leg of another account is only an id; what became of it is not told (LIV-0). */
export const opaqueLeg = (id: string, isEnded: boolean) => ({
  id,
  state: isEnded ? ('left' as const) : ('joined' as const),
});

function limitsAnswer({ endsAt, bitsPerSecondMax }: SessionRecord) {
  if (endsAt === undefined && bitsPerSecondMax === undefined) return {};
  return {
    limits: {
      ...(endsAt === undefined ? {} : { endsAt: endsAt.toISOString() }),
      ...(bitsPerSecondMax === undefined ? {} : { bitsPerSecondMax }),
    },
  };
}

export function toAnswer(session: SessionRecord, totals: RelayTotals | undefined) {
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
    state: session.state === 'live' && session.pausedAt !== undefined ? ('paused' as const) : session.state,
    mode: session.mode,
    participants: session.participants,
    legs: session.legIds.map((id) => {
      const leg = legs.get(id);
      return leg === undefined ? opaqueLeg(id, session.state === 'ended') : legAnswer(leg);
    }),
    region: session.region,
    startedAt: session.startedAt.toISOString(),
    ...(session.connectedAt === undefined ? {} : { connectedAt: session.connectedAt.toISOString() }),
    ...(session.pausedAt === undefined ? {} : { pausedAt: session.pausedAt.toISOString() }),
    ...limitsAnswer(session),
    ...(session.endedAt === undefined ? {} : { endedAt: session.endedAt.toISOString() }),
    ...(session.endCode === undefined ? {} : { endCode: session.endCode }),
    relayBytes: String(totals?.relayBytes ?? 0n),
    relayMilliseconds: String(totals?.relayMilliseconds ?? 0n),
    // What one party sends the other receives, so the busiest leg stands for the session.
    ...(session.state === 'live' && rates.length > 0 ? { bitsPerSecond: Math.max(...rates) } : {}),
  };
}

/** A session as the node that holds it says it is: its log, of which all else is read, comes a moment later. */
export function withStanding(session: SessionRecord, standing: ControlStanding): SessionRecord {
  const { pausedAtMs, endsAtMs, bitsPerSecondMax } = standing;
  return {
    ...session,
    pausedAt: pausedAtMs === undefined ? undefined : new Date(pausedAtMs),
    endsAt: endsAtMs === undefined ? undefined : new Date(endsAtMs),
    bitsPerSecondMax,
    legs: session.legs.map((leg) => withMuted(leg, standing)),
  };
}

export const withMuted = (leg: LegRecord, { muted }: ControlStanding): LegRecord => ({
  ...leg,
  muted: muted.find(({ legId }) => legId === leg.id)?.muted,
});
