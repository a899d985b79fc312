import { type ErrorCode, encodeErrorCode } from '../stun/error-code.ts';
import { addressFamily } from '../stun/ip-address.ts';

export type AddressFamily = 'ipv4' | 'ipv6';

/** REQUESTED-ADDRESS-FAMILY and ADDITIONAL-ADDRESS-FAMILY (RFC 8656 §18.6, §18.11). */
export const encodeAddressFamily = (family: AddressFamily): Uint8Array =>
  Uint8Array.of(addressFamily[family], 0, 0, 0);

/** 'unknown' for a well-formed value that names no family; undefined when the length is wrong. */
export function decodeAddressFamily(value: Uint8Array): AddressFamily | 'unknown' | undefined {
  if (value.length !== 4) return undefined;
  if (value[0] === addressFamily.ipv4) return 'ipv4';
  return value[0] === addressFamily.ipv6 ? 'ipv6' : 'unknown';
}

/** ADDRESS-ERROR-CODE (RFC 8656 §18.12): the family that could not be had, and why. */
export function encodeAddressErrorCode(family: AddressFamily, error: ErrorCode): Uint8Array {
  const value = encodeErrorCode(error);
  value[0] = addressFamily[family];
  return value;
}

/** The family of an address by its length. */
export const familyOf = (ip: Uint8Array): AddressFamily => (ip.length === 4 ? 'ipv4' : 'ipv6');
