import { type Call, connect, type PatchbayClient, PatchbayError, TokenSource } from '@patchbay/sdk-browser';
import { hasRunOut, type Pass, readPass } from './pass.ts';

interface Guest {
  readonly name: string;
  readonly proof: string;
}

/** Who this window is, connected. */
export interface Connected {
  readonly pb: PatchbayClient;
  readonly name: string;
}

const PASS = 'pass';

/** The pass that came with the address or was kept over a reload. Throws when the address holds a part of one. */
export function takePass(): Pass | undefined {
  const given = readPass(location.hash);
  if (given !== undefined) {
    sessionStorage.setItem(PASS, JSON.stringify(given));
    // Addresses stand in histories, bookmarks and pictures of screens.
    history.replaceState(null, '', location.pathname + location.search);
    return given;
  }
  const kept = sessionStorage.getItem(PASS);
  return kept === null ? undefined : JSON.parse(kept);
}

export const forgetPass = (): void => sessionStorage.removeItem(PASS);

/** Connects as whom the pass names. Where signaling is, our own server says: a link could lead anywhere. */
export async function connectWithPass(pass: Pass): Promise<Connected> {
  const { token, expiresAtMs } = pass;
  const { signalUrl } = await ask('/api/signaling', 'GET');
  const pb = connect({
    token: TokenSource.custom(async () => {
      if (hasRunOut(pass, Date.now()))
        throw new PatchbayError({
          code: 'credential.expired',
          message: 'The pass has run out.',
          status: 401,
        });
      return { token, signalUrl, expiresAtMs };
    }),
  });
  await pb.ready();
  return { pb, name: pb.identity ?? '' };
}

/** Who this window is. It stays so over a reload, so that a link that was shared goes on leading here. */
async function becomeGuest(renew = false): Promise<Guest> {
  const kept = renew ? null : sessionStorage.getItem('guest');
  if (kept !== null) return JSON.parse(kept);
  const guest: Guest = await ask('/api/guest', 'POST');
  sessionStorage.setItem('guest', JSON.stringify(guest));
  return guest;
}

async function ask(path: string, method: string) {
  const response = await fetch(path, { method });
  if (!response.ok) throw new Error('The page’s own server does not answer.');
  return response.json();
}

/** Connects as the guest; as a new one when the server no longer knows the former. */
export async function connectAsGuest(): Promise<Connected> {
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
