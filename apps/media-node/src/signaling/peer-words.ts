import type { Device } from '@patchbay/domain/presence/registration';
import type { SignalingEndingCode } from '@patchbay/protocol/signaling/codes';
import type { Principal } from './principal.ts';

/** What of whoever holds a credential another node goes by: no credential is among it. */
export type FarPrincipal = Omit<Principal, 'review' | 'narrow' | 'mayUseChannels'>;

/** A credential that is good for one session alone. */
export interface SessionCredential {
  readonly username: string;
  readonly credential: string;
}

/** A device that is connected at another node, as that node knows it. */
export interface FarDevice {
  readonly nodeId: string;
  readonly connectionId: string;
  readonly principal: FarPrincipal;
  readonly understands: readonly string[];
  readonly device: Device;
  readonly isConnected: boolean;
  /** When it connected. */
  readonly sinceMs: number;
}

/** What the node that holds a session says to a device of another node. */
export interface HomeWord {
  readonly connectionId: string;
  /** A frame of a server, as its client gets it; its number means nothing. */
  readonly source: string;
}

/** What the node at which a device is connected says of it to the node that holds a session of it. */
export type GuestWord =
  /** A frame of the client about the session. `narrowed`: by which the leg is let in at a relay. */
  | {
      readonly type: 'frame';
      readonly connectionId: string;
      readonly source: string;
      readonly narrowed?: SessionCredential;
    }
  /** It went for good, or its rights did. */
  | {
      readonly type: 'left';
      readonly connectionId: string;
      readonly code: SignalingEndingCode;
      readonly detail?: string;
    }
  /** Its connection was lost, and may come back; or it is back. */
  | { readonly type: 'standing'; readonly connectionId: string; readonly isConnected: boolean }
  /** It may do other things than before, or has another credential. */
  | {
      readonly type: 'principal';
      readonly connectionId: string;
      readonly principal: FarPrincipal;
      readonly narrowed: readonly ({ readonly sessionId: string } & SessionCredential)[];
    };

/** What is heard of other signaling nodes. */
export type PeerNotice =
  /** To this node, which holds the session. */
  | { readonly type: 'guestSays'; readonly nodeId: string; readonly word: GuestWord }
  /** Its devices are reached no more. */
  | { readonly type: 'guestNodeDead'; readonly nodeId: string }
  /** To a client of this node, by one that holds a session. */
  | { readonly type: 'homeSays'; readonly nodeId: string; readonly word: HomeWord }
  /** What it held is over. */
  | { readonly type: 'homeNodeDead'; readonly nodeId: string };

/** An endpoint that is called, in the account that has it. */
export interface CalledUser {
  readonly accountId: string;
  readonly identity: string;
}
