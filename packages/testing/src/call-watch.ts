import type { Page } from 'playwright-core';

/** What a window saw since it is watched. */
export interface Seen {
  /** The longest time for which its picture of the other side stood still, the one that lasts included. */
  readonly stillMs: number;
  /** How often another frame was seen. Looked at every 20 ms, so a little less than were shown. */
  readonly frameCount: number;
  /** What the page told the person about the connection, in order, such as "Reconnecting media…". */
  readonly notices: readonly string[];
  /** Peer connections that were opened in that time. */
  readonly connectionCount: number;
  /** Milliseconds since 1970 of the last frame before, and the first after, the longest time without one. */
  readonly stillFromMs: number;
  readonly stillToMs: number;
  /** Of the page, as the two before. */
  readonly nowMs: number;
}

interface WatchWindow {
  callWatch?: { seen(): Seen; stop(): void };
  keptConnections: readonly RTCPeerConnection[];
}

/** Begins to watch the call in a window of the sample, anew each time. A reload ends it: then `seenBy` throws. */
export async function watchCall(...pages: readonly Page[]): Promise<void> {
  await Promise.all(pages.map((page) => page.evaluate(watch)));
}

export const seenBy = (page: Page): Promise<Seen> =>
  page.evaluate(() => {
    const { callWatch } = globalThis as unknown as WatchWindow;
    if (callWatch === undefined) throw new Error('Nobody watches this page: it was loaded anew.');
    return callWatch.seen();
  });

/** Runs in the page. */
function watch() {
  const here = globalThis as unknown as WatchWindow;
  here.callWatch?.stop();
  const connectionsBefore = here.keptConnections.length;
  const notices: string[] = [];
  const notice = document.querySelector('#connection');
  const observer = new MutationObserver(() => notices.push(notice?.textContent ?? ''));
  if (notice !== null) observer.observe(notice, { childList: true, characterData: true, subtree: true });
  const nowMs = () => performance.timeOrigin + performance.now();
  const longest = { fromMs: nowMs(), toMs: nowMs() };
  let lastAtMs = nowMs();
  let frameCount = 0;
  let shown = '';
  const look = () => {
    const video = document.querySelector<HTMLVideoElement>('video[data-remote]');
    // A stream that takes over counts from the start: another figure is another frame, a lower one too.
    const now = `${video?.getVideoPlaybackQuality().totalVideoFrames}`;
    if (now !== shown) {
      if (shown !== '') {
        frameCount++;
        keepLongest();
      }
      lastAtMs = nowMs();
      shown = now;
    }
  };
  const keepLongest = () => {
    if (nowMs() - lastAtMs <= longest.toMs - longest.fromMs) return;
    longest.fromMs = lastAtMs;
    longest.toMs = nowMs();
  };
  const timer = setInterval(look, 20);
  here.callWatch = {
    seen: () => {
      keepLongest();
      return {
        stillMs: longest.toMs - longest.fromMs,
        stillFromMs: longest.fromMs,
        stillToMs: longest.toMs,
        nowMs: nowMs(),
        frameCount,
        notices,
        connectionCount: here.keptConnections.length - connectionsBefore,
      };
    },
    stop: () => {
      clearInterval(timer);
      observer.disconnect();
    },
  };
}
