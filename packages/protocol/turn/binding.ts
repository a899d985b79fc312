import { attributeType, isComprehensionRequired } from '../stun/attribute-type.ts';
import type { StunMessage } from '../stun/message.ts';
import { encodeUnknownAttributes } from '../stun/unknown-attributes.ts';
import { encodeXorAddress } from '../stun/xor-address.ts';
import type { Action } from './action.ts';
import { familyOf } from './address-family.ts';
import { provenGrant } from './authenticate.ts';
import { type Request, refuseUnsigned, replyUnsigned } from './reply.ts';
import type { TurnState } from './state.ts';

/** RFC 8489 §6.3.1: the address the request came from, and nothing more (R6). */
export function binding(state: TurnState, request: Request): readonly Action[] {
  const { message, client } = request;
  const unknown = unknownAttributes(message);
  const grant = provenGrant(state, request) ?? state.options.listed?.(client.address.ip)?.grant;
  const attempted = {
    type: 'attempted',
    kind: 'discovery',
    family: familyOf(client.address.ip),
    ...(grant === undefined ? {} : { grant }),
  } as const;
  if (unknown.length > 0) {
    const { code, phrase, attributes } = unknownAttributeError(unknown);
    return [
      refuseUnsigned(state, request, { code, phrase, attributes }),
      { ...attempted, outcome: 'refused', code },
    ];
  }
  const mapped = encodeXorAddress(client.address, message.transactionId);
  const attributes = [{ type: attributeType.xorMappedAddress, value: mapped }];
  return [
    replyUnsigned(state, request, { messageClass: 'success', attributes }),
    { ...attempted, outcome: 'succeeded' },
  ];
}

/** Required attributes that are understood here, in any method. DONT-FRAGMENT is not: a socket of Node cannot set it. */
const understood: ReadonlySet<number> = new Set([
  attributeType.mappedAddress,
  attributeType.username,
  attributeType.messageIntegrity,
  attributeType.errorCode,
  attributeType.unknownAttributes,
  attributeType.channelNumber,
  attributeType.lifetime,
  attributeType.xorPeerAddress,
  attributeType.data,
  attributeType.realm,
  attributeType.nonce,
  attributeType.xorRelayedAddress,
  attributeType.requestedAddressFamily,
  attributeType.evenPort,
  attributeType.requestedTransport,
  attributeType.messageIntegritySha256,
  attributeType.passwordAlgorithm,
  attributeType.userhash,
  attributeType.xorMappedAddress,
  attributeType.reservationToken,
]);

/** Required attributes of a message that are not understood, each once, in order. */
export const unknownAttributes = ({ attributes }: StunMessage): readonly number[] => [
  ...new Set(
    attributes
      .map(({ type }) => type)
      .filter((type) => isComprehensionRequired(type) && !understood.has(type)),
  ),
];

/** RFC 8489 §6.3.1: 420 lists exactly what was not understood. */
export function unknownAttributeError(types: readonly number[]) {
  const attributes = [{ type: attributeType.unknownAttributes, value: encodeUnknownAttributes(types) }];
  return { code: 420, phrase: 'Unknown Attribute', attributes };
}
