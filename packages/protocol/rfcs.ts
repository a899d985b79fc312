/** The RFCs this repository cites. A citation of an entry with `obsoletedBy` is refused by the check. */
export interface Rfc {
  readonly title: string;
  /** The RFC to cite instead. */
  readonly obsoletedBy?: number;
}

export const rfcs: Readonly<Record<number, Rfc>> = {
  2198: { title: 'RTP Payload for Redundant Audio Data' },
  3264: { title: 'An Offer/Answer Model with the Session Description Protocol (SDP)' },
  3489: { title: 'STUN: Simple Traversal of UDP Through NATs', obsoletedBy: 8489 },
  3550: { title: 'RTP: A Transport Protocol for Real-Time Applications' },
  3551: { title: 'RTP Profile for Audio and Video Conferences with Minimal Control' },
  3711: { title: 'The Secure Real-time Transport Protocol (SRTP)' },
  3986: { title: 'Uniform Resource Identifier (URI): Generic Syntax' },
  4291: { title: 'IP Version 6 Addressing Architecture' },
  4588: { title: 'RTP Retransmission Payload Format' },
  5245: { title: 'Interactive Connectivity Establishment (ICE)', obsoletedBy: 8445 },
  5389: { title: 'Session Traversal Utilities for NAT (STUN)', obsoletedBy: 8489 },
  5766: { title: 'Traversal Using Relays around NAT (TURN)', obsoletedBy: 8656 },
  5761: { title: 'Multiplexing RTP Data and Control Packets on a Single Port' },
  5769: { title: 'Test Vectors for Session Traversal Utilities for NAT (STUN)' },
  5780: { title: 'NAT Behavior Discovery Using Session Traversal Utilities for NAT (STUN)' },
  5952: { title: 'A Recommendation for IPv6 Address Text Representation' },
  6056: { title: 'Recommendations for Transport-Protocol Port Randomization' },
  6062: { title: 'TURN Extensions for TCP Allocations' },
  6156: { title: 'TURN Extension for IPv6', obsoletedBy: 8656 },
  6464: { title: 'An RTP Header Extension for Client-to-Mixer Audio Level Indication' },
  6716: { title: 'Definition of the Opus Audio Codec' },
  7587: { title: 'RTP Payload Format for the Opus Speech and Audio Codec' },
  7983: { title: 'Multiplexing Scheme Updates for SRTP Extension for DTLS' },
  8016: { title: 'Mobility with Traversal Using Relays around NAT (TURN)' },
  8265: { title: 'PRECIS: Usernames and Passwords' },
  8285: { title: 'A General Mechanism for RTP Header Extensions' },
  8445: { title: 'Interactive Connectivity Establishment (ICE)' },
  8489: { title: 'Session Traversal Utilities for NAT (STUN)' },
  8656: { title: 'Traversal Using Relays around NAT (TURN)' },
  9147: { title: 'The Datagram Transport Layer Security (DTLS) Protocol Version 1.3' },
  8843: { title: 'Negotiating Media Multiplexing Using SDP', obsoletedBy: 9143 },
  8866: { title: 'SDP: Session Description Protocol' },
  9143: { title: 'Negotiating Media Multiplexing Using the Session Description Protocol (SDP)' },
};
