import type { InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { cidrText, parseAddress, parseCidr } from '@patchbay/kit/cidr';
import { type IpBytes, ipToText } from '@patchbay/protocol/stun/ip-address';
import type { ListedAddress } from '@patchbay/protocol/turn/grant';
import type { ControlPlaneClient } from './control-plane-client.ts';
import { addressCredentialId } from './credential-resolver.ts';

type Listed = InternalResponse<'listAddresses'>['items'];

const NAME = /^address:([^:]+):(.+)$/;

interface Prefix {
  readonly addressBytes: number;
  readonly prefixBits: number;
}

/** Whether a username names an address instead of a credential. No credential that is minted begins so. */
export const isAddressName = (username: string): boolean => NAME.test(username);

/** The account is in it: an address that goes over to another is asked about anew. */
const nameOf = (accountId: string, address: string) => `address:${accountId}:${address}`;

/** Which addresses count as which account without a credential (ACC-9). Found in a few steps, however many there are. */
export class ListedAddresses {
  #accountOf = new Map<string, string>();
  /** The lengths of prefixes that there are, by the length of an address. */
  #prefixes: readonly Prefix[] = [];

  /** Whom an address counts as, if anybody. */
  find(ip: IpBytes): ListedAddress | undefined {
    const accountId = this.#accountAt(ip);
    if (accountId === undefined) return undefined;
    const address = ipToText(ip);
    const credentialId = addressCredentialId(address);
    return {
      username: nameOf(accountId, address),
      grant: { accountId, credentialId, keyId: credentialId, limits: [] },
    };
  }

  /** What a name stands for, as long as the address counts as that account. */
  named(username: string): { readonly accountId: string; readonly address: string } | undefined {
    const [, accountId = '', address = ''] = NAME.exec(username) ?? [];
    const ip = parseAddress(address);
    return ip !== undefined && this.#accountAt(ip) === accountId ? { accountId, address } : undefined;
  }

  /** Takes the list as it is now. Answers the accounts that have other addresses than before. */
  replace(items: Listed): readonly string[] {
    const before = this.#accountOf;
    const after = new Map<string, string>();
    const prefixes = new Map<string, Prefix>();
    for (const { network, accountId } of items) {
      const cidr = parseCidr(network);
      if (cidr === undefined) continue;
      after.set(cidrText(cidr), accountId);
      const { address, prefixBits } = cidr;
      prefixes.set(`${address.length}/${prefixBits}`, { addressBytes: address.length, prefixBits });
    }
    this.#accountOf = after;
    this.#prefixes = [...prefixes.values()];
    const changed = (from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>) =>
      [...from].filter(([network, accountId]) => to.get(network) !== accountId).map(([, id]) => id);
    return [...new Set([...changed(before, after), ...changed(after, before)])];
  }

  #accountAt(ip: Uint8Array): string | undefined {
    for (const { addressBytes, prefixBits } of this.#prefixes) {
      if (addressBytes !== ip.length) continue;
      const network = cidrText({ address: masked(ip, prefixBits), prefixBits });
      const accountId = this.#accountOf.get(network);
      if (accountId !== undefined) return accountId;
    }
    return undefined;
  }
}

const masked = (ip: Uint8Array, prefixBits: number): Uint8Array =>
  ip.map((byte, index) => byte & (0xff << Math.min(8, Math.max(0, 8 * (index + 1) - prefixBits))));

/**
 * Keeps the list as the control plane has it: each heartbeat says which one holds, so that a change is here within 3
 * seconds. While the control plane is away the last one holds.
 */
export class ListedAddressesFeed {
  readonly #options: FeedOptions;
  /** Of the list that is held, once everything that runs was held to it. */
  #version: string | undefined;
  readonly #toReview = new Set<string>();
  #isFetching = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  async heard(version: string | undefined): Promise<void> {
    if (version === undefined || version === this.#version || this.#isFetching) return;
    this.#isFetching = true;
    try {
      const answer = await this.#options.client.call('listAddresses', {});
      for (const accountId of this.#options.listed.replace(answer.items)) this.#toReview.add(accountId);
      for (const accountId of [...this.#toReview])
        if (await this.#options.review(accountId)) this.#toReview.delete(accountId);
      if (this.#toReview.size === 0) this.#version = answer.version;
    } catch (error) {
      this.#options.onFailure(error);
    } finally {
      this.#isFetching = false;
    }
  }
}

interface FeedOptions {
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly listed: ListedAddresses;
  /** Holds what runs of an account to what it may by now. False when nobody could say: it is asked again. */
  readonly review: (accountId: string) => Promise<boolean>;
  readonly onFailure: (error: unknown) => void;
}
