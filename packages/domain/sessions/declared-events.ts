import { endCodeOf, ownerOf, type SessionEvent } from './session-log.ts';

/** An event that a service declares, as it is told to the account that owns it. */
export interface DeclaredEvent {
  /** That declares it. */
  readonly service: 'signaling' | 'network-discovery' | 'conferencing';
  readonly name: string;
  readonly accountId: string;
  /** When it happened, not when it was heard of. */
  readonly atMs: number;
  readonly payload: Readonly<Record<string, unknown>>;
}

type Derived = Pick<DeclaredEvent, 'service' | 'name' | 'payload'>;

/**
 * The events that a line of a session's log is: of most lines none, of no line more than one. The log is the one source of
 * them, so whoever acts on events reads what the ingest calls fresh, which is each line once, however often nodes repeat
 * it (MET-2, MET-7). Who is told is who owns the line (LIV-0).
 */
export function declaredEventOf(line: SessionEvent): DeclaredEvent | undefined {
  const derived = derive(line);
  return derived && { ...derived, accountId: ownerOf(line), atMs: line.atMs };
}

function derive({ type, sessionId, legId, data }: SessionEvent): Derived | undefined {
  switch (type) {
    case 'session.created':
      return { service: 'signaling', name: 'session.started', payload: { sessionId } };
    case 'leg.joined': {
      const who = typeof data.identity === 'string' ? { identity: data.identity } : {};
      return { service: 'signaling', name: 'participant.joined', payload: { sessionId, legId, ...who } };
    }
    case 'leg.left':
      return {
        service: 'signaling',
        name: 'participant.left',
        payload: { sessionId, legId, reason: endCodeOf(data.reason) },
      };
    case 'mode.changed': {
      const { mode, previousMode } = data;
      // A line that does not say from where says no move.
      if (mode === 'pending' || typeof previousMode !== 'string') return undefined;
      // A call that moves from one path to another was connected before.
      return previousMode === 'pending'
        ? { service: 'signaling', name: 'session.connected', payload: { sessionId, mode } }
        : { service: 'signaling', name: 'session.moved', payload: { sessionId, mode, previousMode } };
    }
    case 'session.paused':
    case 'session.resumed':
      return { service: 'signaling', name: type, payload: { sessionId, by: data.by } };
    case 'session.redirected':
      return { service: 'signaling', name: type, payload: { sessionId, by: data.by, url: data.url } };
    case 'session.transferred':
      return { service: 'signaling', name: type, payload: { sessionId, by: data.by, to: data.to } };
    case 'session.limited': {
      const { by, endsAtMs, bitsPerSecondMax } = data;
      const limits = {
        ...(typeof endsAtMs === 'number' ? { endsAt: new Date(endsAtMs).toISOString() } : {}),
        ...(bitsPerSecondMax === undefined ? {} : { bitsPerSecondMax }),
      };
      return { service: 'signaling', name: type, payload: { sessionId, by, ...limits } };
    }
    case 'leg.muted':
      return {
        service: 'signaling',
        name: 'participant.muted',
        payload: { sessionId, legId, by: data.by, muted: data.muted },
      };
    case 'leg.removed':
      return {
        service: 'signaling',
        name: 'participant.removed',
        payload: { sessionId, legId, by: data.by },
      };
    case 'room.joined': {
      const { room, identity } = data;
      const name = data.standing === 'waiting' ? 'participant.waiting' : 'participant.joined';
      return { service: 'conferencing', name, payload: { sessionId, legId, room, identity } };
    }
    case 'room.changed': {
      const { room, by, isMuted, isHeld, role } = data;
      const payload = { sessionId, legId, room, by, isMuted, isHeld, role };
      return { service: 'conferencing', name: 'participant.changed', payload };
    }
    case 'room.left': {
      const { room, how, spokeMs } = data;
      const payload = { sessionId, legId, room, how, ...(spokeMs === undefined ? {} : { spokeMs }) };
      return { service: 'conferencing', name: 'participant.left', payload };
    }
    case 'session.ended':
      return {
        service: 'signaling',
        name: 'session.ended',
        payload: { sessionId, code: endCodeOf(data.reason) },
      };
    case 'logic.ended':
      return data.outcome === 'failed'
        ? {
            service: 'signaling',
            name: 'logic.failed',
            payload: { sessionId, code: data.code, detail: data.detail ?? '' },
          }
        : undefined;
    case 'allocation.started':
      return {
        service: 'network-discovery',
        name: 'allocation.started',
        payload: { sessionId, allocationId: data.allocationId },
      };
    case 'allocation.ended': {
      const { allocationId, reason } = data;
      const bytes = String(Number(data.bytesIn) + Number(data.bytesOut));
      return {
        service: 'network-discovery',
        name: 'allocation.ended',
        payload: { sessionId, allocationId, reason, bytes },
      };
    }
    case 'limit.reached': {
      const { allocationId, limit, outcome } = data;
      const ofPolicy = data.rule === undefined ? {} : { rule: data.rule };
      // A limit of time or of uses is signaling's to count, and no allocation's.
      return allocationId === undefined
        ? { service: 'signaling', name: 'limit.reached', payload: { sessionId, limit, outcome, ...ofPolicy } }
        : {
            service: 'network-discovery',
            name: 'limit.reached',
            payload: { sessionId, allocationId, limit, outcome, ...ofPolicy },
          };
    }
    case 'media.undeclared': {
      const { allocationId, declared, observed } = data;
      return {
        service: 'network-discovery',
        name: 'media.undeclared',
        payload: { sessionId, allocationId, declared, observed },
      };
    }
    default:
      return undefined;
  }
}
