import { type Call, connect, type PatchbayClient, TokenSource } from '@patchbay/sdk-browser';

interface Guest {
  readonly name: string;
  readonly proof: string;
}

/** Who this window is. It stays so over a reload, so that a link that was shared goes on leading here. */
export async function becomeGuest(renew = false): Promise<Guest> {
  const kept = renew ? null : sessionStorage.getItem('guest');
  if (kept !== null) return JSON.parse(kept);
  const response = await fetch('/api/guest', { method: 'POST' });
  if (!response.ok) throw new Error('The page’s own server does not answer.');
  const guest: Guest = await response.json();
  sessionStorage.setItem('guest', JSON.stringify(guest));
  return guest;
}

/** Connects as the guest; as a new one when the server no longer knows the former. */
export async function connectAsGuest(): Promise<{ readonly pb: PatchbayClient; readonly name: string }> {
  const attempt = async (guest: Guest) => {
    const headers = { 'x-guest': guest.name, 'x-guest-proof': guest.proof };
    const pb = connect({ token: TokenSource.endpoint('/api/token', { headers }) });
    await pb.ready();
    return { pb, name: guest.name };
  };
  try {
    return await attempt(await becomeGuest());
  } catch (error) {
    if ((error as { status?: number }).status !== 401) throw error;
    return attempt(await becomeGuest(true));
  }
}

/** `1.4 Mbit/s`, `320 kbit/s`: three digits at most, so that the badge keeps its width. */
export function formatBitRate(bitsPerSecond: number): string {
  return bitsPerSecond >= 1e6
    ? `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`
    : `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}

/** One line about the call: which way, how far, how much. */
export function describeQuality(quality: NonNullable<Call['quality']>): string {
  const way = quality.path === 'relay' ? 'Relay' : 'Direct';
  const picture = quality.frameHeightPixels > 0 ? ` · ${quality.frameHeightPixels}p` : '';
  return `${way} · ${quality.rttMs} ms · ${formatBitRate(quality.receivedBitsPerSecond)}${picture}`;
}
