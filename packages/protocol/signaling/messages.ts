/**
 * What a client and a signaling node say to each other: JSON, one frame a WebSocket message (SIG).
 * Types and decoder come from one description, so a field is stated once. docs: ./README.md.
 */
import { clientChannelShapes, serverChannelShapes, transientChannelTypes } from './channel-messages.ts';
import { clientPresenceShapes, serverPresenceShapes, transientPresenceTypes } from './presence-messages.ts';
import {
  flag,
  integer,
  listOf,
  number,
  oneOf,
  optional,
  type ReadBy,
  type Reader,
  type RecordOf,
  record,
  ShapeError,
  text,
  type VariantOf,
  variants,
} from './shape.ts';

/** The newest version of this protocol. A node also speaks the one before (PRD-7). */
export const protocolVersion = 1;
export const protocolVersionOldest = 1;

/** A frame in either direction, in bytes of UTF-8. A larger one closes the connection. */
export const frameBytesMax = 64 * 1024;
/** The first frame of a connection is `authenticate`, and comes within this time. */
export const authenticationTimeoutMs = 5_000;
/** A client that lost its connection may take up its sessions again within this time. */
export const resumeWindowMs = 30_000;
/** A client sends `ping` this often; three missed ones end the connection on either side. */
export const pingIntervalMs = 10_000;

/** Of the text of one `message`. */
export const messageCharactersMax = 4_000;

/** Why a node closes a WebSocket (RFC 6455 §7.4.2: 4000 to 4999 are for private use). */
export const closeCodes = {
  unauthenticated: 4401,
  credentialEnded: 4403,
  timedOut: 4408,
  replaced: 4409,
  tooLarge: 4413,
  tooFast: 4429,
  malformed: 4400,
  draining: 4503,
} as const;

const identifier = text(64, /^[A-Za-z0-9_.:-]+$/);
/** An endpoint in a namespace, e.g. `user:bob` (ACC-5). Signaling calls `user:`; others are for gateways and rooms. */
const endpoint = text(256, /^[a-z][a-z0-9-]{0,15}:[^\s\p{Cc}]{1,239}$/u);
const identity = text(256);
const sequence = integer(0);
const generation = integer(0, 1_000_000);
const milliseconds = integer(0);
const dotted = text(80, /^[a-z0-9_.-]+$/);

const mediaFields = { audio: flag, video: flag, screen: flag } as const;
const mediaReader = record(mediaFields);
/** What a party sends. It sets the modality that usage is metered under (MET-4). */
export type Media = ReadBy<typeof mediaReader>;

const modeReader = oneOf('auto', 'relay');
/** `auto` tries the direct path first and asks for a relay when that fails (QUE-5); `relay` never shows an address. */
export type CallMode = ReadBy<typeof modeReader>;

const pathReader = oneOf('direct', 'relay');
export type MediaPath = ReadBy<typeof pathReader>;

const transportReader = oneOf('udp', 'tcp', 'tls', 'unknown');
export type MediaTransport = ReadBy<typeof transportReader>;

const signalReader = variants('kind', {
  description: { type: oneOf('offer', 'answer', 'pranswer', 'rollback'), sdp: text(60_000) },
  candidate: {
    candidate: text(2_048),
    sdpMid: optional(text(64)),
    sdpMLineIndex: optional(integer(0, 1_023)),
    usernameFragment: optional(text(256)),
  },
  /** The party that did not make the offer asks for a new one. */
  renegotiate: {},
  /** The party that did not make the offer asks for room for one more track. */
  transceiver: { media: oneOf('audio', 'video') },
});
/** What two peer connections tell each other. The node carries it, with no codec in it that policies leave out (POL-3). */
export type SignalData = ReadBy<typeof signalReader>;

const iceServerReader = record({
  urls: listOf(text(512), 8),
  username: optional(text(1_024)),
  credential: optional(text(512)),
});
export type IceServer = ReadBy<typeof iceServerReader>;
const iceServers = listOf(iceServerReader, 8);

const problemReader = record({
  /** Address of the page about this code. */
  type: text(512),
  code: dotted,
  title: text(512),
  status: integer(100, 599),
  detail: optional(text(2_048)),
  requestId: optional(identifier),
  /** The rule that refused, and the level of the entity chain that set it (POL-4). */
  rule: optional(text(256)),
  level: optional(text(256)),
  retryAfterMs: optional(milliseconds),
});
/** RFC 9457 §3, with our code and, for a refusal, its rule and level. */
export type Problem = ReadBy<typeof problemReader>;

const endReasonReader = record({ code: dotted, helpUrl: text(512), detail: text(2_048) });
/** Why a session or a leg ended, in a form a person can look up. */
export type EndReason = ReadBy<typeof endReasonReader>;

const qualityFields = {
  path: pathReader,
  rttMs: number(0, 600_000),
  /** Share of packets lost on their way to this party, 0 to 1. */
  lossRatio: number(0, 1),
  jitterMs: number(0, 600_000),
  sentBitsPerSecond: number(0, 1e12),
  receivedBitsPerSecond: number(0, 1e12),
  /** Of the selected candidate pair, since the peer connection began: compared with the relay's own count. */
  bytesSent: integer(),
  bytesReceived: integer(),
} as const;
export type QualitySample = RecordOf<typeof qualityFields>;

/** A live session as its client has to know it after a resumption. */
const resumedSessionReader = record({
  sessionId: identifier,
  legId: identifier,
  state: oneOf('calling', 'ringing', 'active'),
  initiator: flag,
  generation,
  peer: identity,
  mode: modeReader,
});
export type ResumedSession = ReadBy<typeof resumedSessionReader>;

const devicesReader = record({
  /** `kind:mobile`, `name:Desk phone` or `id:…`, the most wanted first. */
  devices: optional(listOf(text(80, /^(?:kind|name|id):./u), 8)),
  /** `together`: all at once. `in-turn`: one after the other. */
  strategy: optional(oneOf('together', 'in-turn')),
  /** How long each turn rings. */
  turnSeconds: optional(integer(5, 45)),
});
/** Which devices of an endpoint ring for a call (IDP). */
export type RingDevices = ReadBy<typeof devicesReader>;

const clientShapes = {
  /** The first frame, never the URL. `token` is `username.password` of an ephemeral credential. */
  authenticate: {
    token: text(1_200, /^[^\s.]+\.[^\s.]+$/),
    protocolVersion: integer(0, 1_000),
    /** Both together take up an earlier connection's sessions. */
    resumeToken: optional(text(128)),
    lastSequence: optional(sequence),
    /** Random, for the life of one SDK instance and known to it alone: a use of a credential is one instance's (ACC-7). */
    instanceId: optional(text(64, /^[A-Za-z0-9_-]{16,64}$/)),
    /** What the SDK says that it runs on, such as `server`. What a browser shows of itself comes first. */
    device: optional(text(16, /^[a-z]+$/)),
    /** What its user calls the device, such as `Desk phone`: a call may be for it alone (IDP). */
    deviceName: optional(text(64)),
    /** Frames that it knows besides those of the protocol's version, such as `control`: no other gets them. */
    understands: optional(listOf(text(32, /^[a-z-]+$/), 16)),
    /** Name and version of the SDK, for the session log. */
    agent: optional(text(128)),
  },
  /** A fresh credential of the same identity, before the old one expires. */
  renew: { token: text(1_200, /^[^\s.]+\.[^\s.]+$/) },
  call: {
    requestId: identifier,
    to: endpoint,
    media: mediaReader,
    mode: optional(modeReader),
    /** Which of the endpoint's devices ring, and when. The endpoint's own settings may leave some of them out. */
    devices: optional(devicesReader),
  },
  accept: { sessionId: identifier, media: mediaReader, mode: optional(modeReader) },
  reject: { sessionId: identifier, reason: optional(text(256)) },
  signal: { sessionId: identifier, generation, data: signalReader },
  connected: { sessionId: identifier, generation, path: pathReader, transport: transportReader },
  quality: { sessionId: identifier, generation, ...qualityFields },
  media: { sessionId: identifier, ...mediaFields },
  hangup: { sessionId: identifier, reason: optional(text(256)) },
  /** The direct path failed or took too long (QUE-5). `generation` is the one that failed. */
  relayNeeded: { sessionId: identifier, generation, reason: optional(text(256)) },
  ...clientChannelShapes,
  ...clientPresenceShapes,
  /** Also acknowledges: the node forgets what it kept for replay up to `lastSequence`. */
  ping: { nonce: integer(), lastSequence: sequence },
} as const;

const serverShapes = {
  authenticated: {
    protocolVersion: integer(0, 1_000),
    connectionId: identifier,
    identity,
    accountId: identifier,
    resumeToken: text(128),
    /** False when nothing was taken up: what the client held before is over. */
    resumed: flag,
    /** Why, if this client asked for an earlier connection and did not get it. */
    lossReason: optional(endReasonReader),
    /** The last client frame that was received, so that the client sends again what came after. */
    receivedSequence: sequence,
    expiresAtMs: milliseconds,
    /** Addresses of a relay, for a check of the network. The token's two halves are its credential. */
    relayUrls: listOf(text(512), 8),
    sessions: listOf(resumedSessionReader, 64),
    /** Below this address stands a page for each code. */
    helpUrl: optional(text(512)),
  },
  renewed: { expiresAtMs: milliseconds },
  incoming: { sessionId: identifier, legId: identifier, from: identity, media: mediaReader },
  ringing: { requestId: identifier, sessionId: identifier, legId: identifier },
  /** Make the peer connection of this generation; the initiator makes the offer. */
  started: {
    sessionId: identifier,
    legId: identifier,
    peer: identity,
    media: mediaReader,
    initiator: flag,
    generation,
    iceServers,
    mode: modeReader,
  },
  signal: { sessionId: identifier, generation, data: signalReader },
  /** Make a new peer connection of this generation, and drop the old one when the new one carries media. */
  recover: {
    sessionId: identifier,
    generation,
    initiator: flag,
    iceServers,
    mode: modeReader,
    reason: dotted,
    /** Nothing is lost: the old one carries media until the new one does. */
    isPlanned: optional(flag),
    /** Where it is to somebody else than before. */
    peer: optional(identity),
    media: optional(mediaReader),
  },
  media: { sessionId: identifier, ...mediaFields },
  /**
   * What the account that controls the session says of its media, all of it each time (LIV-1). `held`: nobody sends or plays
   * anything. `muted`: what this party does not send, and `peerMuted` what it does not play.
   */
  control: { sessionId: identifier, held: flag, muted: mediaReader, peerMuted: mediaReader },
  /** A line of text by the word of the called endpoint’s logic; with a session, about that one. */
  message: { sessionId: optional(identifier), text: text(messageCharactersMax) },
  limitReached: {
    sessionId: identifier,
    limit: dotted,
    outcome: oneOf('end', 'notify', 'throttle', 'downgrade'),
  },
  ended: { sessionId: identifier, reason: endReasonReader },
  ...serverChannelShapes,
  ...serverPresenceShapes,
  refused: { requestId: identifier, problem: problemReader },
  error: { problem: problemReader, sessionId: optional(identifier) },
  pong: { nonce: integer(), receivedSequence: sequence },
} as const;

/**
 * Frames are numbered in each direction. A numbered frame is kept by its sender until the other side has it, and
 * is delivered once. `authenticate`, `renew`, `ping` and their answers carry the number of the last kept frame
 * and are not kept.
 */
interface Numbered {
  readonly sequence: number;
}

export type ClientMessage = VariantOf<'type', typeof clientShapes>;
export type ServerMessage = VariantOf<'type', typeof serverShapes>;
export type ClientFrame = ClientMessage & Numbered;
export type ServerFrame = ServerMessage & Numbered;
export type ClientMessageOf<Type extends ClientMessage['type']> = Extract<ClientMessage, { type: Type }>;
export type ServerMessageOf<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>;

const transientTypes: ReadonlySet<string> = new Set([
  ...(['authenticate', 'renew', 'ping', 'quality'] satisfies ClientMessage['type'][]),
  ...(['authenticated', 'renewed', 'pong', 'error'] satisfies ServerMessage['type'][]),
  ...transientChannelTypes,
  ...transientPresenceTypes,
]);

/** A transient frame is neither numbered anew nor sent again after a resumption: it would be stale. */
export function isTransient(type: ClientMessage['type'] | ServerMessage['type']): boolean {
  return transientTypes.has(type);
}

export type Decoded<Frame> =
  | { readonly ok: true; readonly frame: Frame }
  /** `unknown`: a type of a newer version, to be passed over. `malformed`: the other side is broken or hostile. */
  | { readonly ok: false; readonly reason: 'unknown' | 'malformed' | 'too-large'; readonly detail: string };

export function decodeClientFrame(source: string): Decoded<ClientFrame> {
  return decode(source, readClient, clientShapes);
}

export function decodeServerFrame(source: string): Decoded<ServerFrame> {
  return decode(source, readServer, serverShapes);
}

/** Throws ShapeError on a frame that the other side would refuse: a programmer's error, found on this side. */
export function encodeClientFrame(frame: ClientFrame): string {
  return encode(frame, readClient);
}

export function encodeServerFrame(frame: ServerFrame): string {
  return encode(frame, readServer);
}

const readNumbered = record({ sequence });
const readClient = numbered(variants('type', clientShapes));
const readServer = numbered(variants('type', serverShapes));

function numbered<Message extends object>(read: Reader<Message>): Reader<Message & Numbered> {
  return (value, path) => ({ ...read(value, path), ...readNumbered(value, path) });
}

function decode<Frame>(source: string, read: Reader<Frame>, shapes: object): Decoded<Frame> {
  if (bytesOf(source) > frameBytesMax) {
    return { ok: false, reason: 'too-large', detail: `The frame is larger than ${frameBytesMax} bytes.` };
  }
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return { ok: false, reason: 'malformed', detail: 'The frame is not JSON.' };
  }
  try {
    return { ok: true, frame: read(value, '') };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return { ok: false, reason: isNewer(value, shapes) ? 'unknown' : 'malformed', detail: error.message };
  }
}

function encode<Frame>(frame: Frame, read: Reader<Frame>): string {
  const source = JSON.stringify(read(frame, ''));
  if (bytesOf(source) > frameBytesMax) throw new ShapeError(`frame is larger than ${frameBytesMax} bytes`);
  return source;
}

/** A well-formed frame of a type that this version does not know. */
function isNewer(value: unknown, shapes: object): boolean {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  return (
    typeof value.type === 'string' &&
    /^[a-zA-Z]{1,32}$/.test(value.type) &&
    !Object.hasOwn(shapes, value.type)
  );
}

const encoder = new TextEncoder();

function bytesOf(source: string): number {
  // A UTF-16 unit is at most three bytes, so most frames need no count.
  return source.length * 3 <= frameBytesMax ? source.length : encoder.encode(source).length;
}
