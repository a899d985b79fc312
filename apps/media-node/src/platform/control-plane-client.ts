import {
  type InternalCall,
  type InternalRequest,
  type InternalResponse,
  internalApi,
  internalRequest,
} from '@patchbay/domain/fleet/internal-api';
import type { NodeIdentity } from './node-identity.ts';

/** The control plane refused: it is there, and says no. */
export class ControlPlaneRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(`${code}: ${detail}`);
    this.name = 'ControlPlaneRefusal';
    this.status = status;
    this.code = code;
  }
}

export interface ControlPlaneClientOptions {
  readonly url: string;
  readonly identity: NodeIdentity;
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

/** Calls /internal/v1, signed. Throws ControlPlaneRefusal when it is refused, anything else when nobody answers. */
export class ControlPlaneClient {
  readonly #options: ControlPlaneClientOptions;

  constructor(options: ControlPlaneClientOptions) {
    this.#options = options;
  }

  async call<C extends InternalCall>(
    call: C,
    request: InternalRequest<C>,
    { timeoutMs = this.#options.timeoutMs ?? 5_000 }: { readonly timeoutMs?: number } = {},
  ): Promise<InternalResponse<C>> {
    const { url, identity } = this.#options;
    const { method, path, body } = internalRequest(call, request);
    const response = await (this.#options.fetch ?? fetch)(new URL(path, url), {
      method,
      headers: {
        'content-type': 'application/json',
        ...identity.headersFor({ method, path, body }, Date.now()),
      },
      ...(method === 'GET' ? {} : { body }),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    });
    const answer: unknown = await response.json().catch(() => ({}));
    if (!response.ok) throw refusalOf(response.status, answer);
    return internalApi[call].response.parse(answer) as InternalResponse<C>;
  }

  /** Opens a stream of server-sent events; it ends when the signal aborts or the other side closes. */
  async stream(
    path: string,
    options: { lastEventId?: string | undefined; signal: AbortSignal },
  ): Promise<ReadableStream<Uint8Array>> {
    const { url, identity } = this.#options;
    const response = await (this.#options.fetch ?? fetch)(new URL(path, url), {
      headers: {
        accept: 'text/event-stream',
        ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
        ...identity.headersFor({ method: 'GET', path, body: '' }, Date.now()),
      },
      signal: options.signal,
      redirect: 'error',
    });
    if (!response.ok || response.body === null)
      throw refusalOf(response.status, await response.json().catch(() => ({})));
    return response.body;
  }
}

function refusalOf(status: number, answer: unknown): ControlPlaneRefusal {
  const { code = 'platform.internal', detail = '' } = (answer ?? {}) as { code?: string; detail?: string };
  return new ControlPlaneRefusal(status, code, detail);
}
