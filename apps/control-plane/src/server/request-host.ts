import { originAt } from '@patchbay/domain/branding/brand';
import { hostOfHeader } from '@patchbay/domain/branding/host-name';
import { parseAddress } from '@patchbay/kit/cidr';
import { platformError, type ServiceError } from '@patchbay/kit/errors';
import { isLoopbackHost } from '../features/sign-in/env.ts';

/** Where a request was sent: to the platform, to the host of an account's brand, or to one that nobody proved. */
export type RequestHost =
  | { readonly kind: 'platform'; readonly baseUrl: string; readonly within?: undefined }
  | { readonly kind: 'brand'; readonly baseUrl: string; readonly within: string }
  | { readonly kind: 'unknown' };

/** For so long a host that was taken back is served by a process that knew it. */
export const HOST_STALE_MS = 5_000;
const KNOWN_COUNT_MAX = 10_000;

interface Known {
  readonly accountId: string | undefined;
  readonly untilMs: number;
}

export interface RequestHostOptions {
  readonly platformUrl: string;
  /** Further names of the platform. */
  readonly furtherHosts: readonly string[];
  /** The account whose brand a host shows. */
  readonly find: (host: string) => Promise<string | undefined>;
  readonly nowMs: () => number;
}

/**
 * Knows hosts. A name that a request brings is compared and looked up, and never written into anything: what leads back
 * here is made of names that somebody proved.
 */
export class RequestHosts {
  readonly #options: RequestHostOptions;
  readonly #platformNames: ReadonlySet<string>;
  readonly #known = new Map<string, Known>();

  constructor(options: RequestHostOptions) {
    this.#options = options;
    this.#platformNames = new Set([new URL(options.platformUrl).hostname, ...options.furtherHosts]);
  }

  async of(headers: Headers): Promise<RequestHost> {
    const { platformUrl } = this.#options;
    // Of a proxy that the operator counted; of anybody else it was removed (request-address.ts).
    const header = headers.get('x-forwarded-host') ?? headers.get('host');
    if (header === null || this.#isOfPlatform(header)) return { kind: 'platform', baseUrl: platformUrl };
    const host = hostOfHeader(header);
    const within = host === undefined ? undefined : await this.accountAt(host);
    if (host === undefined || within === undefined) return { kind: 'unknown' };
    return { kind: 'brand', baseUrl: originAt(platformUrl, host), within };
  }

  /** The platform's address where the request came to it, and nothing where that is not known without waiting. */
  baseUrlAtOnce(headers: Headers): string | undefined {
    const header = headers.get('x-forwarded-host') ?? headers.get('host');
    return header === null || this.#isOfPlatform(header) ? this.#options.platformUrl : undefined;
  }

  /** While the store does not answer, what it answered last goes on to hold. */
  async accountAt(host: string): Promise<string | undefined> {
    const { find, nowMs } = this.#options;
    const known = this.#known.get(host);
    if (known !== undefined && known.untilMs > nowMs()) return known.accountId;
    try {
      const accountId = await find(host);
      this.#remember(host, { accountId, untilMs: nowMs() + HOST_STALE_MS });
      return accountId;
    } catch (error) {
      if (known === undefined) throw error;
      return known.accountId;
    }
  }

  #remember(host: string, known: Known): void {
    this.#known.delete(host);
    this.#known.set(host, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > KNOWN_COUNT_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  /** Whoever asks by an address, or from this very machine, asks the platform: nodes and health checks do. */
  #isOfPlatform(header: string): boolean {
    if (!URL.canParse(`http://${header}`)) return false;
    const { hostname } = new URL(`http://${header}`);
    const isAddress = parseAddress(hostname.replace(/^\[|\]$/g, '')) !== undefined;
    return isAddress || isLoopbackHost(header) || this.#platformNames.has(hostname.replace(/\.$/, ''));
  }
}

export const unknownHost = (): ServiceError =>
  platformError('request.unknown_host', 'No account has proved that this host is its own.');
