import type { ServerMessage } from '@patchbay/protocol/signaling/messages';
import type { Client, ClientTable } from './clients.ts';
import type { CallRefusal } from './party-rules.ts';
import type { CalledUser } from './peer-words.ts';
import type {
  CalledEndpoint,
  LogicRequest,
  MediaWord,
  RelayPlacement,
  SessionClaim,
  SessionEvent,
  UsageRecord,
} from './platform.ts';
import type { Reasons } from './reasons.ts';
import type { Session } from './session.ts';

/** By which calls ask and tell: everything that they do leaves here. */
export interface CallPorts {
  readonly region: string;
  readonly reasons: Reasons;
  readonly clients: ClientTable;
  newId(prefix: 'ses' | 'leg'): string;
  placeRelay(sessionId: string): RelayPlacement | undefined;
  /** A media node that takes one more leg. */
  placeMedia(preferredNodeId?: string): { readonly nodeId: string } | undefined;
  toMedia(nodeId: string, word: MediaWord): void;
  /** Asks whether the session may begin; `claimed` is called with the answer. */
  claim(claimId: string, claim: SessionClaim): void;
  /** Goes on when the devices of those that are called are known, wherever they are connected. */
  locate(called: readonly CalledUser[], nowMs: number, goOn: (nowMs: number) => void): void;
  /** Asks for the logic of an endpoint; `logicFound` is called with the answer. */
  findLogic(sessionId: string, called: CalledEndpoint): void;
  /** Asks for a document; `logicFetched` is called with the answer. */
  fetchLogic(sessionId: string, request: LogicRequest): void;
  /** Of a session that was claimed and does not begin. */
  release(sessionId: string): void;
  refuse(client: Client, refusal: CallRefusal, sessionId: string): void;
  send(client: Client, message: ServerMessage): void;
  /** Something in the session is, or is about to be, other than it was saved. */
  changed(session: Session): void;
  recordUsage(record: UsageRecord): void;
  appendSessionEvent(event: SessionEvent): void;
}
