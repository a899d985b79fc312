import { cidrsContain, cidrText, parseCidr } from '@patchbay/kit/cidr';

/**
 * The widest networks that count as somebody: what an operator of its own hands to one customer, and no provider's whole
 * block. An address that many share is nobody's.
 */
export const AUTHENTICATING_PREFIX_BITS_MIN = { ipv4: 24, ipv6: 48 } as const;
/** Of an account and all in its tree: no tenant fills the list that every relay holds. */
export const AUTHENTICATING_PER_TREE_MAX = 500;

/** How much of IPv6 one subscriber has at least (RFC 6177 §2): whoever asks from it asks from all of it. */
const SUBSCRIBER_PREFIX_BITS = { ipv4: 32, ipv6: 64 } as const;

/** `own`: it is of a network of the operator's, who lets those count. `forbidden`: nobody from outside has it. */
export type AddressStanding = 'public' | 'own' | 'forbidden';

export interface Claim {
  readonly network: string;
  readonly standingOf: (address: string) => AddressStanding;
  /** What the account has by now: nobody shows again what was shown. */
  readonly held: readonly string[];
  /** Where the request comes from. */
  readonly address: string;
  /** Somebody who administers the platform itself says so. */
  readonly isVouchedFor: boolean;
}

export type ClaimRefusal = {
  readonly code: 'access.address_not_allowed' | 'access.address_unproved';
  readonly detail: string;
};

/**
 * Whether a network may count as an account. What is sent from it without a credential is taken for the account's, so it
 * has to be shown that the account holds it: otherwise one tenant could take what another one's clients send.
 */
export function refusalOfClaim(claim: Claim): ClaimRefusal | undefined {
  const { network, standingOf, held, address, isVouchedFor } = claim;
  const cidr = parseCidr(network);
  if (cidr === undefined) return notAllowed(`${network} is no network.`);
  const family = cidr.address.length === 4 ? 'ipv4' : 'ipv6';
  const bitsMin = AUTHENTICATING_PREFIX_BITS_MIN[family];
  if (cidr.prefixBits < bitsMin) return notAllowed(`${network} is wider than /${bitsMin}.`);
  const [first = ''] = cidrText(cidr).split('/');
  const standing = standingOf(first);
  if (standing === 'forbidden')
    return notAllowed(`${network} is in no network that this platform is reached from.`);
  const isHeld = held.some((one) => textOf(one) === cidrText(cidr));
  if (standing === 'own' || isVouchedFor || isHeld) return undefined;
  const isOneSubscriber = cidr.prefixBits >= SUBSCRIBER_PREFIX_BITS[family];
  if (isOneSubscriber && cidrsContain([network], address)) return undefined;
  const from = address === '' ? 'an unknown address' : address;
  return {
    code: 'access.address_unproved',
    detail: isOneSubscriber
      ? `This request comes from ${from}, and not from ${network}.`
      : `${network} is more than one subscriber's: only the operator of the platform can let it count.`,
  };
}

const notAllowed = (detail: string): ClaimRefusal => ({ code: 'access.address_not_allowed', detail });

const textOf = (network: string): string => {
  const cidr = parseCidr(network);
  return cidr === undefined ? network : cidrText(cidr);
};
