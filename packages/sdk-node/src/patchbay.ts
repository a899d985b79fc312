import { bearerToken } from '@patchbay/protocol/credential/credential';
import { createClient, type Operations, PatchbayError, type TransportOptions } from '@patchbay/sdk';
import type { ChannelClient } from './calling/channel-client.ts';
import type { Phone } from './calling/phone.ts';
import type { CredentialLimits } from './credential-options.ts';
import { readEnvironment } from './env.ts';
import {
  createMinter,
  type IceServer,
  type Minted,
  type Minter,
  narrowIceServers,
  narrowToken,
} from './minter.ts';
import { type PriceMethods, withPriceSheets } from './prices.ts';
import { type SpeechMethods, withSpeaking } from './speech.ts';
import { type SpeechDetectionMethods, withSpeechDetection } from './speech-detection.ts';
import type { TokenAnswer } from './token-answer.ts';
import { type TranscodingMethods, withTranscoding } from './transcoding.ts';

/** Whatever is left out is read from the environment. */
export interface PatchbayOptions extends Omit<TransportOptions, 'baseUrl' | 'credential'> {
  /** The platform's address. Default: PATCHBAY_URL. */
  readonly url?: string;
  /** Where browsers connect. Default: PATCHBAY_SIGNAL_URL. */
  readonly signalUrl?: string;
  /** Such as `turn:turn.example.com:3478?transport=udp`. Default: PATCHBAY_TURN_URL, else port 3478 of `url`'s host. */
  readonly turnUrls?: readonly string[];
  /** The account that calls are about when they name none. Default: PATCHBAY_ACCOUNT with the key of the environment, else the key's own. */
  readonly accountId?: string;
  /** The secret key. Default: PATCHBAY_KEY. */
  readonly key?: string;
  /** For tests. Default: the clock. */
  readonly nowMs?: () => number;
}

/** A token has to say who connects. */
export interface TokenLimits extends CredentialLimits {
  readonly identity: string;
  /** What it is for. Default: calls, which are `signaling` and `network-discovery`. Channels are `notification`. */
  readonly services?: readonly TokenService[];
}

export type TokenService = 'signaling' | 'network-discovery' | 'notification';

export interface ConnectOptions extends TokenLimits {
  readonly timeoutMs?: number;
}

export interface PhoneConnectOptions extends ConnectOptions {
  /** What this device is called: a call may be for it alone. At most 64 characters. */
  readonly deviceName?: string;
}

const RELAY_SERVICES = ['network-discovery'] as const;
const CALL_SERVICES = ['signaling', 'network-discovery'] as const;

class ServerClient {
  readonly #minter: Minter | undefined;
  readonly #nowMs: () => number;
  readonly #accountId: string | undefined;
  readonly #baseUrl: string | undefined;
  readonly #signalUrl: string | undefined;
  readonly #turnUrls: readonly string[] | undefined;

  /** Throws at a malformed key. What is missing is said when it is first needed: builds import this without secrets. */
  constructor(options: PatchbayOptions = {}) {
    const environment = readEnvironment();
    const baseUrl = options.url ?? environment.url;
    const credential = options.key ?? environment.key;
    // The account of the environment is that of the environment's key: another key speaks of its own.
    const isOwnKey = options.key === undefined || options.key === environment.key;
    const accountId = options.accountId ?? (isOwnKey ? environment.accountId : undefined);
    const more = { ...options, ...(accountId ? { accountId } : {}) };
    const client = createClient(
      baseUrl && credential
        ? { ...more, baseUrl, credential }
        : () => ({
            ...more,
            baseUrl: required(baseUrl, settings.url),
            credential: required(credential, settings.key),
          }),
    );
    Object.assign(this, client, {
      prices: withPriceSheets(client.prices),
      speechDetection: withSpeechDetection(client.speechDetection),
      textToSpeech: withSpeaking(client.textToSpeech),
      transcoding: withTranscoding(client.transcoding),
    });

    this.#nowMs = options.nowMs ?? Date.now;
    this.#minter = credential ? createMinter(credential, this.#nowMs) : undefined;
    this.#accountId = accountId;
    this.#baseUrl = baseUrl;
    this.#signalUrl = options.signalUrl ?? environment.signalUrl;
    this.#turnUrls = options.turnUrls ?? turnUrlsOf(environment.turnUrl, baseUrl);
  }

  /** Mints a credential for relays, offline: what it returns goes into RTCPeerConnection's `iceServers` as it is. */
  iceServers(limits: CredentialLimits = {}): readonly IceServer[] {
    const { credential } = this.#explaining(() => this.#mint(limits, RELAY_SERVICES));
    const urls = required(this.#turnUrls, settings.url);
    return [{ urls, username: credential.username, credential: credential.password }];
  }

  /** Mints a token with which a browser connects, offline. `tokenHandler` makes an endpoint of it. */
  token({ services = CALL_SERVICES, ...limits }: TokenLimits): TokenAnswer {
    const signalUrl = required(this.#signalUrl, settings.signalUrl);
    const { credential, expiresAtMs } = this.#explaining(() => this.#mint(limits, services));
    return { token: bearerToken(credential), signalUrl, expiresAtMs };
  }

  /**
   * Connects as an identity, to place and take calls from this process (on @roamhq/wrtc, an optional peer). Tokens are
   * minted and renewed by itself. Throws `client.timeout` when signaling is not reached within `timeoutMs`, 30,000 by
   * default.
   */
  async connect({ timeoutMs, deviceName, ...limits }: PhoneConnectOptions): Promise<Phone> {
    // Loaded when it is used: who only mints carries neither WebSocket nor WebRTC.
    const { Phone: Calling } = await import('./calling/phone.ts');
    return Calling.connect(() => this.token(limits), { timeoutMs, deviceName });
  }

  /**
   * Connects as an identity, to subscribe to channels from this process. Tokens are minted and renewed by itself. To publish
   * alone, `pb.notification.publish` needs no connection. Throws `client.timeout` when signaling is not reached within
   * `timeoutMs`, 30,000 by default.
   */
  async connectChannels({
    timeoutMs,
    services = ['notification'],
    ...limits
  }: ConnectOptions): Promise<ChannelClient> {
    const { ChannelClient: Connecting } = await import('./calling/channel-client.ts');
    return Connecting.connect(() => this.token({ ...limits, services }), timeoutMs);
  }

  /** Narrows a token or ICE servers, offline: the result allows what both allow, and never more. */
  narrow<Given extends string | readonly IceServer[]>(given: Given, limits: CredentialLimits): Given;
  narrow(given: string | readonly IceServer[], limits: CredentialLimits): string | readonly IceServer[] {
    const nowMs = this.#nowMs();
    return this.#explaining(() =>
      typeof given === 'string' ? narrowToken(given, limits, nowMs) : narrowIceServers(given, limits, nowMs),
    );
  }

  /** What is refused offline is explained by the platform all the same, at an address that can be opened. */
  #explaining<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof PatchbayError)) throw error;
      const helpUrl = URL.parse(error.helpUrl, this.#baseUrl)?.href ?? error.helpUrl;
      throw new PatchbayError({ code: error.code, message: error.message, helpUrl }, { cause: error });
    }
  }

  #mint(limits: CredentialLimits, services: readonly string[]): Minted {
    const accountId = limits.accountId ?? this.#accountId;
    const minter = required(this.#minter, settings.key);
    return minter.mint(accountId === undefined ? limits : { ...limits, accountId }, services);
  }
}

/**
 * Patchbay from a server: `const pb = new Patchbay()`. It mints credentials offline, and has a method for every
 * operation of the API: `pb.accounts.create(…)`, `pb.networkDiscovery.getUse()`.
 */
export type Patchbay = ServerClient &
  Omit<Operations, 'prices' | 'speechDetection' | 'textToSpeech' | 'transcoding'> & {
    readonly prices: Operations['prices'] & PriceMethods;
    readonly speechDetection: Operations['speechDetection'] & SpeechDetectionMethods;
    readonly textToSpeech: Operations['textToSpeech'] & SpeechMethods;
    readonly transcoding: Operations['transcoding'] & TranscodingMethods;
  };

/** The operations are assigned from the generated table, which a class cannot declare. */
export const Patchbay = ServerClient as unknown as new (options?: PatchbayOptions) => Patchbay;

/** How each is called in the environment. */
const settings = {
  url: 'PATCHBAY_URL, or pass url',
  key: 'PATCHBAY_KEY, or pass key',
  signalUrl: 'PATCHBAY_SIGNAL_URL, or pass signalUrl',
} as const;

function required<Value>(value: Value | undefined, setting: string): Value {
  if (value !== undefined && value !== '') return value;
  throw new PatchbayError({
    code: 'client.not_configured',
    message: `Set ${setting} to new Patchbay({ … }).`,
  });
}

const TURN_PORT = 3478;

function turnUrlsOf(
  fromEnvironment: string | undefined,
  baseUrl: string | undefined,
): readonly string[] | undefined {
  if (fromEnvironment !== undefined) return fromEnvironment.split(',').map((url) => url.trim());
  if (!baseUrl) return undefined;
  return [`turn:${new URL(baseUrl).hostname}:${TURN_PORT}?transport=udp`];
}
