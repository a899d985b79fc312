import type { LogicInput } from '@patchbay/domain/logic/interpreter';
import {
  type AskedMode,
  type ControlAnswer,
  type ControlOrder,
  type ControlRefusal,
  type ControlStanding,
  isSameMuted,
  mutedAfter,
  namedTo,
  type SessionChange,
} from '@patchbay/domain/sessions/control';
import type { EndReason, Media, ServerMessageOf } from '@patchbay/protocol/signaling/messages';
import type { CallPorts } from './call-ports.ts';
import { understandsControl } from './clients.ts';
import type { MediaBridges } from './media-bridges.ts';
import type { Renewal } from './media-recovery.ts';
import type { Ending } from './reasons.ts';
import { dependsOnRelay, type Leg, legsOf, peerOf, type Session } from './session.ts';
import type { SessionLimits } from './session-limits.ts';
import type { SessionRecords } from './session-records.ts';

export interface SessionControlPorts extends Pick<CallPorts, 'reasons' | 'changed' | 'send'> {
  readonly limits: Pick<SessionLimits, 'announce'>;
  readonly log: SessionRecords['log'];
  readonly bridges: Pick<MediaBridges, 'control'>;
  feed(session: Session, input: LogicInput, nowMs: number): void;
  /** Both parties get relay credentials anew. */
  recover(session: Session, why: Renewal, nowMs: number): void;
  /** Its media goes another way; a string says why it cannot. */
  move(session: Session, mode: AskedMode, nowMs: number): string | undefined;
  end(session: Session, ending: EndReason | Ending, nowMs: number): void;
  isLive(session: Session): boolean;
  /** False where nobody of that name could be rung. */
  transfer(session: Session, asked: { readonly to: string; readonly by: string }, nowMs: number): boolean;
}

type OrderOf<Type extends SessionChange['type']> = Omit<ControlOrder, 'change'> & {
  readonly change: Extract<SessionChange, { readonly type: Type }>;
  readonly nowMs: number;
};

/** `unchanged`: it was so before. */
type Done = 'changed' | 'unchanged' | Refusal;
interface Refusal {
  readonly refusal: ControlRefusal;
  readonly detail: string;
}

const nothing: Media = { audio: false, video: false, screen: false };
const foreign: Refusal = { refusal: 'foreign', detail: 'It is of another account.' };
const notLive: Refusal = { refusal: 'not_live', detail: 'Nobody has answered yet.' };
const unable: Refusal = {
  refusal: 'party_unable',
  detail: 'No party has an SDK that knows how to hold or mute media.',
};

/**
 * Orders about a running session (LIV-1): whose session it is may order anything but the sound of a leg that is another
 * account's, and whose leg it is may order that leg (LIV-0). What holds already is answered and not done again.
 */
export class SessionControl {
  readonly #ports: SessionControlPorts;

  constructor(ports: SessionControlPorts) {
    this.#ports = ports;
  }

  obey(session: Session, order: ControlOrder, nowMs: number): ControlAnswer {
    const before = standingOf(session, order.accountId);
    const done = this.#carryOut(session, order, nowMs);
    if (typeof done === 'object') return { kind: 'refused', ...done };
    const isChanged = done === 'changed';
    if (isChanged) this.#ports.changed(session);
    return {
      kind: 'done',
      isChanged,
      isEnded: !this.#ports.isLive(session),
      before,
      after: standingOf(session, order.accountId),
    };
  }

  /** An end that was set has come. */
  tick(session: Session, nowMs: number): void {
    const endsAtMs = session.setLimits?.endsAtMs;
    if (endsAtMs === undefined || nowMs < endsAtMs) return;
    const code = 'limit.session_end';
    this.#ports.limits.announce(session, { limit: code, outcome: 'end' }, nowMs);
    this.#ports.end(session, this.#ports.reasons.ending(code), nowMs);
  }

  #carryOut(session: Session, order: ControlOrder, nowMs: number): Done {
    const { change } = order;
    switch (change.type) {
      case 'pause':
      case 'resume':
        return this.#hold(session, { ...order, change, nowMs });
      case 'mute':
        return this.#mute(session, { ...order, change, nowMs });
      case 'remove':
        return this.#remove(session, { ...order, change, nowMs });
      case 'limit':
        return this.#limit(session, { ...order, change, nowMs });
      case 'redirect':
        return this.#redirect(session, { ...order, change, nowMs });
      case 'move':
        return this.#move(session, { ...order, change, nowMs });
      case 'transfer':
        return this.#transfer(session, { ...order, change, nowMs });
    }
  }

  #hold(session: Session, { accountId, by, change, nowMs }: OrderOf<'pause' | 'resume'>): Done {
    if (!controls(session.caller, accountId)) return foreign;
    if (session.startedAtMs === undefined) return notLive;
    const isPausing = change.type === 'pause';
    if (isPausing === (session.pausedAtMs !== undefined)) return 'unchanged';
    if (!legsOf(session).some(({ client }) => understandsControl(client))) return unable;
    session.pausedAtMs = isPausing ? nowMs : undefined;
    const type = isPausing ? 'session.paused' : 'session.resumed';
    this.#ports.log(session, nowMs, { type, data: { by: namedTo(ownerOf(session), by) } });
    this.tell(session);
    return 'changed';
  }

  #mute(session: Session, { accountId, by, change, nowMs }: OrderOf<'mute'>): Done {
    const { legId } = change;
    const named = legsOf(session).filter((leg) => legId === undefined || leg.legId === legId);
    if (named.length === 0) return unknownLeg(legId);
    const own = named.filter((leg) => controls(leg, accountId));
    if (own.length === 0) return foreign;
    const others = own.filter((leg) => !isSameMuted(leg.muted, mutedAfter(leg.muted, change.muted)));
    if (others.length === 0) return 'unchanged';
    // Where its own SDK does not know how, the other side does not play it.
    const canMute = (leg: Leg) =>
      [leg, peerOf(session, leg)].some((each) => each !== undefined && understandsControl(each.client));
    const muting = others.filter(canMute);
    if (muting.length === 0) return unable;
    for (const leg of muting) {
      leg.muted = mutedAfter(leg.muted, change.muted);
      const data = { muted: leg.muted ?? nothing, by: namedTo(leg.client.principal.accountId, by) };
      this.#ports.log(session, nowMs, { type: 'leg.muted', leg, data });
    }
    this.tell(session);
    return 'changed';
  }

  /** Of two parties one is left, which is no call: it ends for both, each with a reason of its own. */
  #remove(session: Session, { accountId, by, change: { legId }, nowMs }: OrderOf<'remove'>): Done {
    const leg = legsOf(session).find((each) => each.legId === legId);
    if (leg === undefined) return unknownLeg(legId);
    if (!controls(leg, accountId) && !controls(session.caller, accountId)) return foreign;
    const data = { by: namedTo(leg.client.principal.accountId, by) };
    this.#ports.log(session, nowMs, { type: 'leg.removed', leg, data });
    const { reasons } = this.#ports;
    const removed = { client: leg.client, reason: reasons.ending('signaling.removed') };
    this.#ports.end(session, { ...reasons.ending('signaling.party_removed'), removed }, nowMs);
    return 'changed';
  }

  #limit(session: Session, { accountId, by, change, nowMs }: OrderOf<'limit'>): Done {
    if (!controls(session.caller, accountId)) return foreign;
    if (session.startedAtMs === undefined) return notLive;
    const before = session.setLimits ?? {};
    const after = limitsAfter(before, change);
    const hasRateChanged = before.bitsPerSecondMax !== after.bitsPerSecondMax;
    if (!hasRateChanged && before.endsAtMs === after.endsAtMs) return 'unchanged';
    session.setLimits = after;
    this.#ports.log(session, nowMs, {
      type: 'session.limited',
      data: { ...after, by: namedTo(ownerOf(session), by) },
    });
    if (hasRateChanged && dependsOnRelay(session))
      this.#ports.recover(session, { reason: 'limits_changed', isPlanned: true }, nowMs);
    this.tick(session, nowMs);
    return 'changed';
  }

  #move(session: Session, { accountId, by, change: { mode }, nowMs }: OrderOf<'move'>): Done {
    if (!controls(session.caller, accountId)) return foreign;
    if (session.startedAtMs === undefined || session.transfer !== undefined) return notLive;
    if (session.movedTo === mode && (session.recovery !== undefined || session.mode === mode))
      return 'unchanged';
    if (session.mode === mode && session.recovery === undefined && isHeldTo(session, mode))
      return 'unchanged';
    const why = whyNoWay(session, mode) ?? this.#ports.move(session, mode, nowMs);
    if (why !== undefined) return { refusal: 'mode_unavailable', detail: why };
    session.movedTo = mode;
    this.#ports.log(session, nowMs, {
      type: 'session.moving',
      data: { mode, by: namedTo(ownerOf(session), by) },
    });
    return 'changed';
  }

  /** A document is its account's, and so is what takes its place. */
  #redirect(session: Session, { accountId, by, change: { url }, nowMs }: OrderOf<'redirect'>): Done {
    const { logic } = session;
    const state = logic?.run.state;
    const isControlled = logic !== undefined && (logic.accountPath ?? [logic.accountId]).includes(accountId);
    if (!isControlled && !controls(session.caller, accountId)) return foreign;
    if (logic === undefined || state === 'connected' || state === 'ended')
      return { refusal: 'no_logic', detail: 'No document of application logic decides about this call.' };
    if (!isControlled) return foreign;
    this.#ports.log(session, nowMs, {
      type: 'session.redirected',
      legAccountId: logic.accountId,
      data: { url, by: namedTo(logic.accountId, by) },
    });
    this.#ports.feed(session, { type: 'redirected', url }, nowMs);
    return 'changed';
  }

  #transfer(session: Session, { accountId, by, change: { to }, nowMs }: OrderOf<'transfer'>): Done {
    if (!controls(session.caller, accountId)) return foreign;
    if (session.startedAtMs === undefined) return notLive;
    if (session.transfer?.to === to) return 'unchanged';
    const asked = { to, by: namedTo(ownerOf(session), by) };
    if (!this.#ports.transfer(session, asked, nowMs))
      return { refusal: 'unreachable', detail: `No device of ${to} can be rung for this caller.` };
    this.tell(session);
    return 'changed';
  }

  /** All of what holds, to each party whose SDK knows how: whoever was told before is told nothing twice by it. */
  tell(session: Session): void {
    for (const leg of legsOf(session)) {
      this.#ports.bridges.control(session, leg);
      if (understandsControl(leg.client)) this.#ports.send(leg.client, controlOf(session, leg));
    }
  }
}

/** All of what holds for the media of a party. */
export const controlOf = (session: Session, leg: Leg): ServerMessageOf<'control'> => ({
  type: 'control',
  sessionId: session.sessionId,
  held: session.pausedAtMs !== undefined || session.transfer !== undefined,
  muted: leg.muted ?? nothing,
  peerMuted: peerOf(session, leg)?.muted ?? nothing,
});

const ownerOf = ({ caller }: Session): string => caller.client.principal.accountId;

/** An account controls what is its own or below it. */
const controls = ({ client }: Leg, accountId: string): boolean =>
  client.principal.accountPath.includes(accountId);

const unknownLeg = (legId: string | undefined): Refusal => ({
  refusal: 'leg_unknown',
  detail: `No leg ${legId ?? ''} is in this session.`,
});

type SetLimits = NonNullable<Session['setLimits']>;

function limitsAfter(
  before: SetLimits,
  { endsAtMs = before.endsAtMs, bitsPerSecondMax = before.bitsPerSecondMax }: OrderOf<'limit'>['change'],
): SetLimits {
  return {
    ...(endsAtMs == null ? {} : { endsAtMs }),
    ...(bitsPerSecondMax == null ? {} : { bitsPerSecondMax }),
  };
}

/** Of a leg of another account nothing is told: whether it is muted is that account's (LIV-0). */
function standingOf(session: Session, accountId: string): ControlStanding {
  const { pausedAtMs, setLimits, movedTo } = session;
  return {
    ...(pausedAtMs === undefined ? {} : { pausedAtMs }),
    ...setLimits,
    ...(movedTo === undefined ? {} : { mode: movedTo }),
    muted: legsOf(session)
      .filter((leg) => controls(leg, accountId))
      .flatMap(({ legId, muted }) => (muted === undefined ? [] : [{ legId, muted }])),
  };
}

/** Whether its parties take no other way than this by themselves. */
const isHeldTo = ({ callMode }: Session, mode: AskedMode): boolean =>
  (mode === 'relay') === (callMode === 'relay');

/** What forbids that the media of a call goes some way, whatever nodes there are. */
function whyNoWay(session: Session, mode: AskedMode): string | undefined {
  const legs = legsOf(session);
  if (legs.some(({ client }) => client.media !== undefined)) return 'A media node is one of its parties.';
  const isHidden = legs.some(({ client }) => client.principal.limits.isRelayOnly === true);
  return isHidden && mode === 'p2p'
    ? 'A policy or a credential of one party lets its media pass a relay only.'
    : undefined;
}
