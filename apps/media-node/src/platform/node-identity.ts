import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { canonicalText, signatureHeaders } from '@patchbay/domain/fleet/signed-request';

interface Stored {
  readonly privateKey: string;
  nodeId?: string;
}

/** Who this node is: an Ed25519 key of its own, made once and kept in its data folder, and the id it got on enrolling. */
export class NodeIdentity {
  readonly #file: string;
  readonly #stored: Stored;
  readonly #key: KeyObject;

  private constructor(file: string, stored: Stored) {
    this.#file = file;
    this.#stored = stored;
    this.#key = createPrivateKey(stored.privateKey);
  }

  static open(folder: string): NodeIdentity {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = path.join(folder, 'node.json');
    if (existsSync(file)) return new NodeIdentity(file, JSON.parse(readFileSync(file, 'utf8')) as Stored);
    const { privateKey } = generateKeyPairSync('ed25519');
    const identity = new NodeIdentity(file, {
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    });
    identity.#save();
    return identity;
  }

  get nodeId(): string | undefined {
    return this.#stored.nodeId;
  }

  /** Raw public key, base64url. */
  get publicKey(): string {
    return createPublicKey(this.#key).export({ format: 'jwk' }).x ?? '';
  }

  enrolled(nodeId: string): void {
    this.#stored.nodeId = nodeId;
    this.#save();
  }

  /** The control plane does not know this node any more: it has to enrol again. */
  forgotten(): void {
    delete this.#stored.nodeId;
    this.#save();
  }

  signText(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString('base64url');
  }

  /** The headers that prove a request to /internal. */
  headersFor(request: { method: string; path: string; body: string }, nowMs: number): Record<string, string> {
    const nonce = randomBytes(16).toString('base64url');
    const bodyHash = createHash('sha256').update(request.body).digest('base64url');
    const { method, path: requestPath } = request;
    const timeMs = Math.round(nowMs);
    return {
      [signatureHeaders.node]: this.nodeId ?? '',
      [signatureHeaders.time]: String(timeMs),
      [signatureHeaders.nonce]: nonce,
      [signatureHeaders.signature]: this.signText(
        canonicalText({ method, path: requestPath, timeMs, nonce, bodyHash }),
      ),
    };
  }

  #save(): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.#stored), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** Whether a text was signed by the node with this public key (raw, base64url). */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
}
