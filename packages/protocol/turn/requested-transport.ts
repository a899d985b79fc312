/** RFC 8656 §18.7: the protocol number of UDP. */
export const protocolUdp = 17;

/** The protocol number and three reserved bytes. */
export const encodeRequestedTransport = (protocol: number): Uint8Array => Uint8Array.of(protocol, 0, 0, 0);

/** Undefined when the length is wrong. */
export const decodeRequestedTransport = (value: Uint8Array): number | undefined =>
  value.length === 4 ? value[0] : undefined;
