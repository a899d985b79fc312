import type { SessionEventReport } from '@patchbay/domain/fleet/internal-api';
import type { RelayLine } from '@patchbay/domain/sessions/relay-line';
import { errorPagePath } from '@patchbay/kit/errors';
import { relayEndings } from '@patchbay/protocol/turn/codes';
import { type Grant, sessionKeyOf } from '@patchbay/protocol/turn/grant';
import type { RefusalEvent, RelayEvent } from '../relay/platform.ts';
import type { UsageRecord } from '../relay/usage-record.ts';
import { type Cause, causeOfEnd, causeOfRefusal, lineOf, policyLimitLineOf } from './relay-lines.ts';
import { Repeats } from './repeats.ts';

/** Allocations of one client with one credential that follow each other within this time are one session. */
export const GRACE_MS = 5_000;
/** What a client is refused again within this time is counted and said once. */
export const REFUSAL_WINDOW_MS = 10_000;
const SAMPLE_INTERVAL_MS_MIN = 1_000;
const wasReleased: Cause = {
  code: 'network-discovery.released',
  detail: relayEndings['network-discovery.released'],
};

interface BareSession {
  readonly sessionId: string;
  readonly legId: string;
  readonly key: string;
  readonly grant: Grant;
  readonly allocations: Map<string, Rate | undefined>;
  sequence: number;
  connectedAtMs: number | undefined;
  /** When its last allocation ended; undefined while it has one. */
  idleSinceMs: number | undefined;
  /** Why its allocations end now, where somebody ended it as a whole. */
  endedBy: Cause | undefined;
  readonly limitsReached: Set<string>;
  sampledAtMs: number;
  isRateChanged: boolean;
}

interface Rate {
  readonly inBitsPerSecond: number;
  readonly outBitsPerSecond: number;
}

export interface BareSessionsOptions {
  readonly relayNodeId: () => string;
  readonly region: string;
  readonly newId: (prefix: 'ses' | 'leg') => string;
  readonly append: (line: SessionEventReport) => void;
  /** It has ended: its key is that of `sessionKeyOf`. */
  readonly onEnded?: (key: string) => void;
}

/**
 * The sessions of a relay's own: what comes to it with a credential that is for no call (NDS, MET-7). One session is one
 * client's use of one credential on this relay. The relay numbers its log itself, as signaling numbers that of a call.
 */
export class BareSessions {
  readonly #options: BareSessionsOptions;
  readonly #byKey = new Map<string, BareSession>();
  readonly #byId = new Map<string, BareSession>();
  readonly #byAllocation = new Map<string, BareSession>();
  readonly #refusals = new Repeats<{ readonly session: BareSession; readonly line: RelayLine }>({
    windowMs: REFUSAL_WINDOW_MS,
    countMax: 10_000,
    countPerOwnerMax: 100,
  });

  constructor(options: BareSessionsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#byId.size;
  }

  /** The session that usage of an allocation belongs to. */
  sessionIdOf(allocationId: string): string | undefined {
    return this.#byAllocation.get(allocationId)?.sessionId;
  }

  /** Of the sessions that run under a credential: what `sessionKeyOf` says of each. */
  openKeysOf(credentialId: string): readonly string[] {
    return [...this.#byKey.values()]
      .filter(({ grant }) => grant.credentialId === credentialId)
      .map(({ key }) => key);
  }

  /** Takes what the relay tells of an allocation whose credential names no session. */
  hear(event: RelayEvent): void {
    const { relayNodeId } = this.#options;
    const atMs = Math.floor(event.atMs);
    if (event.type === 'allocation.refused') {
      this.#refused(event, atMs);
      return;
    }
    const session =
      event.type === 'allocation.started'
        ? this.#joined(event, atMs)
        : this.#byAllocation.get(event.allocationId);
    if (session === undefined) return;
    if (event.type === 'media.started') this.#connected(session, atMs);
    if (event.type === 'limit.reached') {
      // Allocations that count together reach a limit together, and it is reached once.
      if (session.limitsReached.has(event.counterId)) return;
      session.limitsReached.add(event.counterId);
    }
    if (event.type === 'allocation.ended') this.#limitReached(session, event);
    const line = lineOf(event, { relayNodeId: relayNodeId(), endedBy: session.endedBy });
    if (line !== undefined) this.#append(session, atMs, line);
    if (event.type !== 'allocation.ended') return;
    this.#byAllocation.delete(event.allocationId);
    session.allocations.delete(event.allocationId);
    session.isRateChanged = true;
    if (session.allocations.size > 0) return;
    session.idleSinceMs = atMs;
    const { code, detail } = session.endedBy ?? causeOfEnd(event);
    // One that gave its relay up, or lost it, may come back at once; one that was cut off may not.
    if (event.reason !== 'released' && event.reason !== 'expired') this.#end(session, { code, detail });
  }

  /** Takes a finished record of an allocation, and the bit rate from it. */
  recorded({ allocationId, fromMs, toMs, quantities }: UsageRecord): void {
    const session = allocationId === undefined ? undefined : this.#byAllocation.get(allocationId);
    if (allocationId === undefined || session === undefined || toMs <= fromMs) return;
    const bitsPerSecond = (direction: 'in' | 'out') => {
      const bytes = quantities
        .filter(({ meter, dimensions }) => meter === 'bytes' && dimensions.direction === direction)
        .reduce((sum, { quantity }) => sum + quantity, 0);
      return Math.round((bytes * 8_000) / (toMs - fromMs));
    };
    session.allocations.set(allocationId, {
      inBitsPerSecond: bitsPerSecond('in'),
      outBitsPerSecond: bitsPerSecond('out'),
    });
    session.isRateChanged = true;
  }

  /** Those that are to end with the session, for the reason given; none when it is not one of these. */
  ending(sessionId: string, endedBy: Cause): readonly string[] {
    const session = this.#byId.get(sessionId);
    if (session === undefined) return [];
    session.endedBy = endedBy;
    const allocationIds = [...session.allocations.keys()];
    // One whose client is away for a moment ends as well.
    if (allocationIds.length === 0) this.#end(session, endedBy);
    return allocationIds;
  }

  /** Nobody comes back to a relay that stops: those whose client is away for a moment have ended. */
  endAll(): void {
    for (const session of this.#byId.values())
      if (session.idleSinceMs !== undefined) this.#end(session, wasReleased);
  }

  /** Everything that time alone brings about. */
  tick(nowMs: number): void {
    const atMs = Math.floor(nowMs);
    for (const { kept, repeatCount } of this.#refusals.over(nowMs)) {
      const { session, line } = kept;
      if (line.type !== 'allocation.refused') continue;
      this.#append(session, atMs, { ...line, data: { ...line.data, repeatCount } });
    }
    for (const session of this.#byId.values()) {
      this.#sample(session, atMs);
      if (session.idleSinceMs !== undefined && atMs - session.idleSinceMs >= GRACE_MS)
        this.#end(session, wasReleased);
    }
  }

  /** What policies let be used is used up for all of its allocations, and said once. */
  #limitReached(session: BareSession, event: Extract<RelayEvent, { type: 'allocation.ended' }>): void {
    const line = policyLimitLineOf(event);
    if (line === undefined || session.limitsReached.has(line.data.limit)) return;
    session.limitsReached.add(line.data.limit);
    this.#append(session, Math.floor(event.atMs), line);
  }

  #joined(
    { allocationId, grant, clientIp }: Extract<RelayEvent, { type: 'allocation.started' }>,
    atMs: number,
  ): BareSession {
    const key = sessionKeyOf(grant, clientIp);
    const session = this.#byKey.get(key) ?? this.#begin(key, grant, atMs);
    session.idleSinceMs = undefined;
    session.allocations.set(allocationId, undefined);
    this.#byAllocation.set(allocationId, session);
    return session;
  }

  #begin(key: string, grant: Grant, atMs: number): BareSession {
    const session = this.#draft(key, grant);
    this.#byKey.set(key, session);
    this.#byId.set(session.sessionId, session);
    const { identity, accountId } = grant;
    const who = identity === undefined ? {} : { identity };
    this.#append(session, atMs, { type: 'session.created', data: createdBy(grant) });
    const media = { audio: false, video: false, screen: false };
    this.#append(session, atMs, { type: 'leg.joined', data: { ...who, accountId, media } });
    return session;
  }

  #draft(key: string, grant: Grant): BareSession {
    return {
      sessionId: this.#options.newId('ses'),
      legId: this.#options.newId('leg'),
      key,
      grant,
      allocations: new Map(),
      sequence: 0,
      connectedAtMs: undefined,
      idleSinceMs: undefined,
      endedBy: undefined,
      limitsReached: new Set(),
      sampledAtMs: 0,
      isRateChanged: false,
    };
  }

  /** In the session that runs; without one it is a session that ended at once. */
  #refused(event: RefusalEvent, atMs: number): void {
    const { grant, clientIp } = event;
    const line = lineOf(event, { relayNodeId: this.#options.relayNodeId() });
    if (line === undefined) return;
    const cause = causeOfRefusal(event);
    const key = sessionKeyOf(grant, clientIp);
    const first = () => {
      const running = this.#byKey.get(key);
      const session = running ?? this.#draft(key, grant);
      if (running !== undefined) {
        this.#append(session, atMs, line);
        return { session, line };
      }
      this.#append(session, atMs, { type: 'session.created', data: createdBy(grant) });
      this.#append(session, atMs, line);
      this.#close(session, atMs, cause);
      return { session, line };
    };
    this.#refusals.note(`${key}\n${cause.code}`, grant.accountId, { nowMs: atMs, first });
  }

  #connected(session: BareSession, atMs: number): void {
    if (session.connectedAtMs !== undefined) return;
    session.connectedAtMs = atMs;
    const data = { mode: 'relay', path: 'relay', transport: 'udp', previousMode: 'pending' } as const;
    this.#append(session, atMs, { type: 'mode.changed', data });
  }

  #sample(session: BareSession, atMs: number): void {
    if (!session.isRateChanged || atMs - session.sampledAtMs < SAMPLE_INTERVAL_MS_MIN) return;
    session.isRateChanged = false;
    session.sampledAtMs = atMs;
    const sumOf = (read: (rate: Rate) => number) =>
      [...session.allocations.values()].reduce((sum, rate) => sum + (rate === undefined ? 0 : read(rate)), 0);
    this.#append(session, atMs, {
      type: 'quality.sampled',
      data: {
        sentBitsPerSecond: sumOf(({ inBitsPerSecond }) => inBitsPerSecond),
        receivedBitsPerSecond: sumOf(({ outBitsPerSecond }) => outBitsPerSecond),
      },
    });
  }

  /** As of when its last allocation ended: the time in which it was waited for is nobody's. */
  #end(session: BareSession, cause: Cause): void {
    if (!this.#byId.delete(session.sessionId)) return;
    this.#byKey.delete(session.key);
    this.#options.onEnded?.(session.key);
    this.#close(session, session.idleSinceMs ?? 0, cause);
  }

  #close(session: BareSession, atMs: number, { code, detail }: Cause): void {
    this.#append(session, atMs, { type: 'leg.left', data: { reason: code } });
    const connectedMs = session.connectedAtMs === undefined ? 0 : Math.max(0, atMs - session.connectedAtMs);
    const reason = { code, detail, helpUrl: errorPagePath(code) };
    this.#append(session, atMs, { type: 'session.ended', data: { reason, connectedMs } });
  }

  #append(
    session: BareSession,
    atMs: number,
    { type, data }: { readonly type: string; readonly data: object },
  ): void {
    const { accountId, applicationId, instanceType } = session.grant;
    session.sequence += 1;
    this.#options.append({
      sessionId: session.sessionId,
      sequence: session.sequence,
      type,
      atMs,
      accountId,
      ...(applicationId === undefined ? {} : { applicationId }),
      ...(instanceType === undefined ? {} : { instanceType }),
      legId: session.legId,
      region: this.#options.region,
      // A line is JSON but for fields that are undefined, which JSON leaves out.
      data: data as SessionEventReport['data'],
    });
  }
}

/** Who came, and as what: policies of instance types are tried on it later (POL-2). */
const createdBy = ({ identity, instanceType, credentialId }: Grant) => ({
  ...(identity === undefined ? {} : { identity }),
  ...(instanceType === undefined ? {} : { instanceType }),
  credentialId,
});
