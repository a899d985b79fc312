/** What somebody in a call understands, by the stable codes of Patchbay. What is not here is said in its own words. */
const sentences: Readonly<Record<string, string>> = {
  'limit.session_seconds': 'The time for this call is used up.',
  'limit.credential_seconds': 'The time for this call is used up.',
  'limit.session_bytes': 'The data for this call is used up.',
  'limit.credential_bytes': 'The data for this call is used up.',
  'credential.used_up': 'This pass has been used already, as often as it may be.',
  'credential.expired': 'The pass for this call has run out.',
  'credential.revoked': 'The pass for this call was withdrawn.',
  'credential.signature': 'This pass is not genuine: it was changed after it was given out.',
  'credential.malformed': 'This pass is not genuine: it cannot be read.',
  'credential.source_not_allowed': 'This pass is not good on the network that you are in.',
  'signaling.endpoint_unavailable': 'The other person is not there right now.',
  'signaling.connection_lost': 'The connection to the other person was lost.',
};

export interface Reason {
  readonly code?: string;
  readonly message?: string;
  readonly helpUrl?: string;
}

/** Puts into `place` why something ended or could not be, with a link to what to do about it. */
export function showReason(place: HTMLElement, { code, message, helpUrl }: Reason): void {
  place.replaceChildren((code && sentences[code]) ?? message ?? 'Something went wrong.');
  if (code === undefined) delete place.dataset.reason;
  else {
    place.dataset.reason = code;
    place.append(' ', Object.assign(document.createElement('code'), { textContent: code }));
  }
  if (helpUrl?.startsWith('http')) {
    const link = { href: helpUrl, textContent: 'What to do', target: '_blank' };
    place.append(' ', Object.assign(document.createElement('a'), link));
  }
  place.hidden = false;
}
