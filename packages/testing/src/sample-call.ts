import type { TokenAnswer } from '@patchbay/sdk-node';
import type { Browser, Page } from 'playwright-core';
import { until } from './until.ts';

export interface SampleCall {
  readonly caller: Page;
  readonly callee: Page;
  close(): Promise<void>;
}

/** Who asks for a token: the window that opened the call, or the one that followed its link. */
export type Side = 'callee' | 'caller';

/** A new token each time that a window asks, or the same one. */
export type TokenOf = (side: Side, identity: string) => TokenAnswer;

/**
 * Opens a window of the sample as a person of their own, and starts.
 * @param tokenFor Mints the token instead of the sample's server, for the name that the window has.
 */
export async function openWindow(
  browser: Browser,
  address: string,
  tokenFor?: (identity: string) => TokenAnswer,
): Promise<Page> {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  if (tokenFor !== undefined)
    await page.route('**/api/token', async (route) => {
      const identity = (await route.request().headerValue('x-guest')) ?? '';
      await route.fulfill({ json: tokenFor(identity) });
    });
  await page.addInitScript(keepConnections);
  await page.goto(address);
  await page.getByRole('button', { name: /start|join/i }).click();
  return page;
}

/**
 * Two windows of the sample call each other.
 * @param tokenOf Mints the tokens instead of the sample's server. The link says the name that the callee's is for.
 */
export async function placeCall(browser: Browser, url: string, tokenOf?: TokenOf): Promise<SampleCall> {
  const tokenFor = (side: Side) =>
    tokenOf === undefined ? undefined : (identity: string) => tokenOf(side, identity);
  const callee = await openWindow(browser, url, tokenFor('callee'));
  const link = await until(
    async () =>
      (await callee.locator('[data-share-link]').getAttribute('data-share-link', { timeout: 10_000 })) ??
      undefined,
    { what: 'the link to share' },
  );
  const caller = await openWindow(browser, link, tokenFor('caller'));
  const close = async () => {
    for (const page of [callee, caller]) await page.context().close();
  };
  return { caller, callee, close };
}

interface Kept {
  readonly keptConnections: RTCPeerConnection[];
  /** One figure for each connection, as it was last seen: a closed connection has no statistics any more. */
  readonly keptBytes: number[];
  keepBytes(): Promise<void>;
}

/** Runs in the page before its scripts: keeps every connection, so that its own statistics can be read. */
function keepConnections() {
  const kept: RTCPeerConnection[] = [];
  const keptBytes: number[] = [];
  const keepBytes = async () => {
    for (const [index, connection] of kept.entries()) {
      const stats = [...(await connection.getStats()).values()];
      let bytes = 0;
      for (const transport of stats.filter(({ type }) => type === 'transport')) {
        const pair = stats.find(({ id }) => id === transport.selectedCandidatePairId);
        const local = stats.find(({ id }) => id === pair?.localCandidateId);
        if (local?.candidateType === 'relay') bytes += pair.bytesSent + pair.bytesReceived;
      }
      keptBytes[index] = Math.max(keptBytes[index] ?? 0, bytes);
    }
  };
  const Original = globalThis.RTCPeerConnection;
  Object.assign(globalThis, {
    keptConnections: kept,
    keptBytes,
    keepBytes,
    RTCPeerConnection: class extends Original {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        kept.push(this);
      }
    },
  });
  setInterval(() => void keepBytes(), 100);
}

export const isPlaying = async (...pages: readonly Page[]): Promise<boolean> =>
  (await Promise.all(pages.map(secondsPlayed))).every((seconds) => seconds > 0.5);

/** What the other side's video has played of, in seconds. It begins anew with each stream. */
export const secondsPlayed = (page: Page): Promise<number> =>
  page.evaluate(() => document.querySelector<HTMLVideoElement>('video[data-remote]')?.currentTime ?? 0);

/**
 * Bytes both ways of the selected candidate pairs of a page, what its browser sent to and received from the relay: over
 * all its connections, of a closed one as of 100 ms before its end at the most.
 */
export const relayedBytes = async (page: Page): Promise<bigint> =>
  (await relayedBytesByConnection(page)).reduce((sum, bytes) => sum + bytes, 0n);

/** The same for each connection alone, in the order in which they were made. */
export function relayedBytesByConnection(page: Page): Promise<readonly bigint[]> {
  return page
    .evaluate(async () => {
      const kept = globalThis as unknown as Kept;
      await kept.keepBytes();
      return kept.keptBytes;
    })
    .then((bytes) => bytes.map(BigInt));
}

/** Why a call ended, or could not begin, as its page shows it. */
export interface ShownReason {
  readonly code: string;
  /** What a person reads. */
  readonly text: string;
}

/** Undefined while the page complains of nothing. */
export const reasonShown = (page: Page): Promise<ShownReason | undefined> =>
  page.evaluate(() => {
    const place = document.querySelector<HTMLElement>('[data-reason]');
    const code = place?.dataset.reason;
    return code === undefined || place?.checkVisibility() !== true
      ? undefined
      : { code, text: place.textContent };
  });
