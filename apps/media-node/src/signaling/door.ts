import { ipFromText, ipToText } from '@patchbay/protocol/stun/ip-address';
import { createChallengeLimit } from '@patchbay/protocol/turn/challenge-limit';
import { unwrapIp } from '@patchbay/protocol/turn/peer-policy';
import { sourceOf } from '@patchbay/protocol/turn/source';

/** How many connections may stand at the door. A source is an address, or the /64 of an IPv6 one. */
export interface DoorBounds {
  /** Of all connections of the node. */
  readonly connectionCountMax: number;
  /** Of those that have proven no credential yet: each needs one only for as long as its first frame takes. */
  readonly strangerCountMax: number;
  /** The same of one source. An office that comes back after an outage knocks all at once. */
  readonly strangersPerSourceMax: number;
  readonly acceptsPerSecond: number;
  readonly acceptBurst: number;
  /** How long a connection may take to send the head of its request. */
  readonly requestHeadMs: number;
}

export const doorBounds: DoorBounds = {
  connectionCountMax: 10_000,
  strangerCountMax: 2_000,
  strangersPerSourceMax: 256,
  acceptsPerSecond: 50,
  acceptBurst: 500,
  requestHeadMs: 5_000,
};

/** Where all connections come from one proxy, which bounds the sources itself. */
export const proxyDoorBounds: Partial<DoorBounds> = {
  strangersPerSourceMax: doorBounds.strangerCountMax,
  acceptsPerSecond: doorBounds.connectionCountMax,
  acceptBurst: doorBounds.connectionCountMax,
};

/** Whose share a connection takes. An IPv4 address may come written as an IPv6 one. */
export function sourceOfText(address: string | undefined): string {
  const ip = ipFromText(address ?? '');
  if (ip === undefined) return '';
  const plain = unwrapIp(ip);
  return plain.length === 4 ? ipToText(plain) : sourceOf(plain);
}

/**
 * Keeps strangers from filling the node. Where their share is full the oldest of them goes and not the newest: an honest
 * client proves itself in the time of one frame, and whoever only holds a place open has held it longest.
 */
export class Door {
  readonly #bounds: DoorBounds;
  readonly #cut: (connection: string) => void;
  readonly #accepts;
  readonly #sources = new Map<string, string>();
  /** Oldest first, as a set keeps its order. */
  readonly #strangers = new Set<string>();
  readonly #strangersBySource = new Map<string, Set<string>>();

  constructor(bounds: DoorBounds, cut: (connection: string) => void) {
    this.#bounds = bounds;
    this.#cut = cut;
    this.#accepts = createChallengeLimit({ perSecond: bounds.acceptsPerSecond, burst: bounds.acceptBurst });
  }

  get strangerCount(): number {
    return this.#strangers.size;
  }

  /** Whether the connection may stay. It is told nothing if not: it is to be closed. */
  enter(connection: string, source: string, nowMs: number): boolean {
    const { connectionCountMax, strangerCountMax, strangersPerSourceMax } = this.#bounds;
    if (!this.#accepts.isAllowed(source, nowMs)) return false;
    const own = this.#strangersBySource.get(source) ?? new Set();
    if (own.size >= strangersPerSourceMax) this.#cutOldest(own);
    else if (this.#strangers.size >= strangerCountMax || this.#sources.size >= connectionCountMax)
      this.#cutOldest(this.#strangers);
    // Everybody here has proven a credential: nobody of them makes room for a stranger.
    if (this.#sources.size >= connectionCountMax) return false;
    this.#sources.set(connection, source);
    this.#strangers.add(connection);
    this.#strangersBySource.set(source, own.add(connection));
    return true;
  }

  /** It has proven a credential, whose limits hold for it from now on. */
  recognise(connection: string): void {
    const source = this.#sources.get(connection);
    if (source === undefined || !this.#strangers.delete(connection)) return;
    const own = this.#strangersBySource.get(source);
    own?.delete(connection);
    if (own?.size === 0) this.#strangersBySource.delete(source);
  }

  leave(connection: string): void {
    this.recognise(connection);
    this.#sources.delete(connection);
  }

  #cutOldest(strangers: ReadonlySet<string>): void {
    const [oldest] = strangers;
    if (oldest === undefined) return;
    this.leave(oldest);
    this.#cut(oldest);
  }
}
