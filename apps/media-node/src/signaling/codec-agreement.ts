import type { EndReason, ServerMessage, SignalData } from '@patchbay/protocol/signaling/messages';
import { codecsIn } from '@patchbay/protocol/signaling/sdp-codecs';
import type { Client } from './clients.ts';
import { codecsStanding, heldDescription } from './party-rules.ts';
import type { Reasons } from './reasons.ts';
import { legsOf, type Session } from './session.ts';
import type { SessionRecords } from './session-records.ts';

/** How long parties take to agree anew: with the time in which a change is heard of, less than 5 seconds (POL-5). */
export const agreementMsMax = 3_000;

type Description = Extract<SignalData, { readonly kind: 'description' }>;

export interface CodecAgreementPorts {
  readonly reasons: Reasons;
  readonly log: SessionRecords['log'];
  send(client: Client, message: ServerMessage): void;
  end(session: Session, reason: EndReason, nowMs: number): void;
}

/** Which codecs the parties of a call agree upon, and that their policies allow them (POL-3). */
export class CodecAgreement {
  readonly #ports: CodecAgreementPorts;

  constructor(ports: CodecAgreementPorts) {
    this.#ports = ports;
  }

  /** The description with no codec in it that either party's policies leave out; the call ends where none is left. */
  held(session: Session, data: Description, nowMs: number): Description | undefined {
    const held = heldDescription(data.sdp, limitsIn(session));
    if ('sdp' in held) return { ...data, sdp: held.sdp };
    this.#ports.end(session, this.#ports.reasons.ending('policy.refused', held.detail), nowMs);
    return undefined;
  }

  agreed(session: Session, sdp: string, nowMs: number): void {
    session.codecsDueAtMs = undefined;
    const codecs = codecsIn(sdp);
    if (JSON.stringify(codecs) === JSON.stringify(session.codecs)) return;
    session.codecs = codecs;
    this.#ports.log(session, nowMs, { type: 'codecs.negotiated', data: { codecs } });
  }

  /** A call that carries what is not allowed any more agrees anew, and ends where it does not or cannot (POL-5): false. */
  holds(session: Session, nowMs: number): boolean {
    const standing = codecsStanding(session.codecs ?? [], limitsIn(session));
    const isOver = standing?.kind === 'impossible' || (session.codecsDueAtMs ?? nowMs + 1) <= nowMs;
    if (standing === undefined) session.codecsDueAtMs = undefined;
    else if (isOver) {
      this.#ports.end(session, this.#ports.reasons.ending('policy.refused', standing.detail), nowMs);
      return false;
    } else if (session.codecsDueAtMs === undefined) {
      session.codecsDueAtMs = nowMs + agreementMsMax;
      const { sessionId, generation } = session;
      for (const { client, isInitiator } of legsOf(session))
        if (isInitiator)
          this.#ports.send(client, { type: 'signal', sessionId, generation, data: { kind: 'renegotiate' } });
    }
    return true;
  }
}

const limitsIn = (session: Session) => legsOf(session).map(({ client }) => client.principal.limits);
