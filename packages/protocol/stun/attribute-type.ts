/** Attribute types of RFC 8489 §18.3 and RFC 8656 §18, with those of ICE that the vectors of RFC 5769 use. */
export const attributeType = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  channelNumber: 0x000c,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedAddressFamily: 0x0017,
  evenPort: 0x0018,
  requestedTransport: 0x0019,
  dontFragment: 0x001a,
  messageIntegritySha256: 0x001c,
  passwordAlgorithm: 0x001d,
  userhash: 0x001e,
  xorMappedAddress: 0x0020,
  reservationToken: 0x0022,
  priority: 0x0024,
  additionalAddressFamily: 0x8000,
  addressErrorCode: 0x8001,
  passwordAlgorithms: 0x8002,
  software: 0x8022,
  alternateServer: 0x8023,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  /** What coturn 4.6 calls ADDITIONAL-ADDRESS-FAMILY; nothing else has the number. */
  additionalAddressFamilyOfCoturn: 0x8032,
} as const;

/** RFC 8489 §14: types below 0x8000 must be understood, the others may be ignored. */
export function isComprehensionRequired(type: number): boolean {
  return type < 0x8000;
}
