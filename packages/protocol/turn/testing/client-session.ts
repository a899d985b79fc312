import { randomBytes } from 'node:crypto';
import { attributeType } from '../../stun/attribute-type.ts';
import { decodeErrorCode } from '../../stun/error-code.ts';
import type { Integrity } from '../../stun/integrity.ts';
import { type KeyAlgorithm, longTermKey, userhashOf } from '../../stun/long-term-key.ts';
import { decodeMessage, encodeMessage, findAttribute, method, type StunMessage } from '../../stun/message.ts';
import { encodePasswordAlgorithms } from '../../stun/password-algorithm.ts';
import { decodeText, encodeText } from '../../stun/text-attribute.ts';
import { type TransportAddress, transportAddressKey } from '../../stun/transport-address.ts';
import { decodeXorAddress, encodeXorAddress } from '../../stun/xor-address.ts';
import { type AddressFamily, encodeAddressFamily } from '../address-family.ts';
import { encodeChannelNumber } from '../channel-number.ts';
import { encodeLifetime } from '../lifetime.ts';
import { encodeRequestedTransport, protocolUdp } from '../requested-transport.ts';

export interface AttributeDraft {
  readonly type: number;
  readonly value: Uint8Array;
}

export interface BuildOptions {
  readonly isSigned?: boolean;
  readonly transactionId?: Uint8Array;
  readonly hasFingerprint?: boolean;
  readonly hash?: 'sha1' | 'sha256';
  readonly algorithm?: KeyAlgorithm;
  readonly isUserhashUsed?: boolean;
  /** Types to leave out of the authentication. */
  readonly without?: readonly number[];
  readonly nonce?: string;
  readonly realm?: string;
}

/** The part of a TURN client that makes requests and reads answers: no socket, no retries. For tests. */
export interface ClientSession {
  build(methodNumber: number, attributes?: readonly AttributeDraft[], options?: BuildOptions): Uint8Array;
  /** Takes realm and nonce from a challenge. */
  learn(message: StunMessage): void;
  readonly nonce: string;
  readonly key: Uint8Array;
}

export function createClientSession(credential: { username: string; password: string }): ClientSession {
  let realm = '';
  let nonce = '';
  const keyOf = (algorithm: KeyAlgorithm) => longTermKey({ ...credential, realm }, algorithm);
  return {
    build(methodNumber, attributes = [], options = {}) {
      const algorithm = options.algorithm ?? 'md5';
      const authentication: AttributeDraft[] = [];
      let integrity: Integrity | undefined;
      if (options.isSigned !== false && nonce !== '') {
        const usedRealm = options.realm ?? realm;
        authentication.push(
          options.isUserhashUsed === true
            ? { type: attributeType.userhash, value: userhashOf(credential.username, usedRealm) }
            : { type: attributeType.username, value: encodeText(credential.username) },
          { type: attributeType.realm, value: encodeText(usedRealm) },
          { type: attributeType.nonce, value: encodeText(options.nonce ?? nonce) },
        );
        if (options.algorithm !== undefined) {
          authentication.push(
            { type: attributeType.passwordAlgorithms, value: encodePasswordAlgorithms(['sha256', 'md5']) },
            { type: attributeType.passwordAlgorithm, value: encodePasswordAlgorithms([algorithm]) },
          );
        }
        integrity = { hash: options.hash ?? 'sha1', key: keyOf(algorithm) };
      }
      return encodeMessage({
        method: methodNumber,
        messageClass: 'request',
        transactionId: options.transactionId ?? randomBytes(12),
        attributes: [
          ...attributes,
          ...authentication.filter(({ type }) => options.without?.includes(type) !== true),
        ],
        integrity,
        hasFingerprint: options.hasFingerprint ?? false,
      });
    },
    learn(message) {
      const textOf = (type: number) => {
        const attribute = findAttribute(message, type);
        return attribute === undefined ? undefined : decodeText(attribute.value, 763);
      };
      realm = textOf(attributeType.realm) ?? realm;
      nonce = textOf(attributeType.nonce) ?? nonce;
    },
    get nonce() {
      return nonce;
    },
    get key() {
      return keyOf('md5');
    },
  };
}

export const udpTransport: AttributeDraft = {
  type: attributeType.requestedTransport,
  value: encodeRequestedTransport(protocolUdp),
};
export const lifetime = (seconds: number): AttributeDraft => ({
  type: attributeType.lifetime,
  value: encodeLifetime(seconds),
});
export const channelNumber = (channel: number): AttributeDraft => ({
  type: attributeType.channelNumber,
  value: encodeChannelNumber(channel),
});

/** XOR-PEER-ADDRESS needs the transaction id of its message for IPv6, so that is given to both. */
export const peerAddress = (
  peer: TransportAddress,
  transactionId: Uint8Array = new Uint8Array(12),
): AttributeDraft => ({
  type: attributeType.xorPeerAddress,
  value: encodeXorAddress(peer, transactionId),
});

/** A Send indication (RFC 8656 §11.1). */
export function sendIndication(
  peer: TransportAddress,
  data: Uint8Array,
  attributes: readonly AttributeDraft[] = [],
): Uint8Array {
  const transactionId = randomBytes(12);
  return encodeMessage({
    method: method.send,
    messageClass: 'indication',
    transactionId,
    attributes: [peerAddress(peer, transactionId), { type: attributeType.data, value: data }, ...attributes],
  });
}

/** A message as received, or an error that says what is wrong with it. */
export function read(bytes: Uint8Array | undefined): StunMessage {
  if (bytes === undefined) throw new Error('There was no answer.');
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) throw new Error(`The answer is malformed: ${decoded.reason}.`);
  return decoded.message;
}

/** 0 for a success, else the error code. */
export function codeOf(message: StunMessage): number {
  if (message.messageClass === 'success') return 0;
  const attribute = findAttribute(message, attributeType.errorCode);
  return attribute === undefined ? -1 : (decodeErrorCode(attribute.value)?.code ?? -1);
}

export function phraseOf(message: StunMessage): string {
  const attribute = findAttribute(message, attributeType.errorCode);
  return attribute === undefined ? '' : (decodeErrorCode(attribute.value)?.phrase ?? '');
}

export function addressOf(message: StunMessage, type: number): TransportAddress {
  const attribute = findAttribute(message, type);
  const address =
    attribute === undefined ? undefined : decodeXorAddress(attribute.value, message.transactionId);
  if (address === undefined) throw new Error(`The answer has no address of type ${type}.`);
  return address;
}

/** All addresses of a type, in their order: of a dual allocation there are two. */
export const addressesOf = (message: StunMessage, type: number): readonly TransportAddress[] =>
  message.attributes
    .filter((attribute) => attribute.type === type)
    .map(({ value }) => decodeXorAddress(value, message.transactionId))
    .filter((address) => address !== undefined);

export const addressFamily = (
  type: 'requestedAddressFamily' | 'additionalAddressFamily',
  family: AddressFamily,
): AttributeDraft => ({ type: attributeType[type], value: encodeAddressFamily(family) });

export const isSameAddress = (a: TransportAddress, b: TransportAddress): boolean =>
  transportAddressKey(a) === transportAddressKey(b);
