import { createHash, createPublicKey, verify } from 'node:crypto';
import type { FleetStore, NodeRecord } from '@patchbay/adapters/prisma/fleet-store';
import { canonicalText, isTimely, NonceMemory, readClaim } from '@patchbay/domain/fleet/signed-request';

interface Options {
  readonly find: FleetStore['find'];
  readonly nowMs: () => number;
}

/** Says which node sent a request, or undefined: unknown, removed, out of time, repeated, or not signed by its key. */
export class NodeAuthentication {
  readonly #options: Options;
  readonly #nonces = new NonceMemory();
  /** Keys of nodes do not change; a removed node is refused by `isRemoved`, asked anew after this time. */
  readonly #known = new Map<string, { node: NodeRecord; readMs: number }>();

  constructor(options: Options) {
    this.#options = options;
  }

  async authenticate(request: Request, body: string): Promise<NodeRecord | undefined> {
    const nowMs = this.#options.nowMs();
    const claim = readClaim(request.headers);
    if (claim === undefined || !isTimely(claim, nowMs)) return undefined;
    const node = await this.#nodeOf(claim.nodeId, nowMs);
    if (node === undefined || node.state === 'removed') return undefined;
    const { pathname, search } = new URL(request.url);
    const bodyHash = createHash('sha256').update(body).digest('base64url');
    const { timeMs, nonce } = claim;
    const text = canonicalText({
      method: request.method,
      path: `${pathname}${search}`,
      timeMs,
      nonce,
      bodyHash,
    });
    const x = Buffer.from(node.publicKey).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    if (!verify(null, Buffer.from(text), key, Buffer.from(claim.signature, 'base64url'))) return undefined;
    // Only a signed nonce is remembered: a stranger cannot fill the memory.
    return this.#nonces.admit(`${claim.nodeId} ${nonce}`, nowMs) ? node : undefined;
  }

  async #nodeOf(nodeId: string, nowMs: number): Promise<NodeRecord | undefined> {
    const known = this.#known.get(nodeId);
    if (known !== undefined && nowMs - known.readMs < 5_000) return known.node;
    const node = await this.#options.find(nodeId);
    if (node !== undefined) this.#known.set(nodeId, { node, readMs: nowMs });
    return node;
  }
}
