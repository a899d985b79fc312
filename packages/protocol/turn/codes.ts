/** Why an allocation ends or is refused, beside the limits and credentials whose codes signaling has too. Codes are public and stay (API-1). */
export const relayEndings = {
  'network-discovery.released': 'The client gave its relay up.',
  'network-discovery.expired': 'The client did not refresh its relay in time.',
  'network-discovery.session_ended': 'The session that the relay was for has ended.',
  'network-discovery.relay_stopped': 'The relay was stopped.',
  'network-discovery.relay_lost': 'The relay failed.',
  'network-discovery.quota': 'As many relays are in use as may be.',
  'network-discovery.no_capacity': 'The relay takes no more.',
  'network-discovery.request_unfit': 'The relay cannot serve what the client asked for.',
} as const satisfies Readonly<Record<string, string>>;

export type RelayEndingCode = keyof typeof relayEndings;
