import type { IceServer } from '@patchbay/sdk-node';
import type { Page } from 'playwright-core';

export interface PairOptions {
  /** Of the one that sends. */
  readonly sender: readonly IceServer[];
  readonly receiver: readonly IceServer[];
  /** Every 20 ms. */
  readonly messageBytes: number;
}

/** What a pair has seen so far, in milliseconds of the page's clock and bytes of messages. */
export interface PairProgress {
  readonly nowMs: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly receivedBytes: number;
  /** Both ways between the sender and its relay, as its selected candidate pair says. */
  readonly senderBytes: number;
  readonly receiverBytes: number;
  /** What either was refused with: STUN error codes such as 401. */
  readonly errorCodes: readonly number[];
}

interface PairWindow {
  pair: { progress(): Promise<PairProgress>; close(): void };
}

/** Two connections of one page that reach each other through relays alone; one sends a message every 20 ms. */
export async function openPair(page: Page, options: PairOptions): Promise<void> {
  await page.evaluate(async ({ sender, receiver, messageBytes }) => {
    const connect = (iceServers: readonly IceServer[]) =>
      new RTCPeerConnection({
        iceServers: iceServers as RTCIceServer[],
        iceTransportPolicy: 'relay',
      });
    const [from, to] = [connect(sender), connect(receiver)];
    const seen = { firstAtMs: 0, lastAtMs: 0, receivedBytes: 0, errorCodes: [] as number[] };
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.onicecandidate = ({ candidate }) => candidate && void other.addIceCandidate(candidate);
      one.onicecandidateerror = ({ errorCode }) => seen.errorCodes.push(errorCode);
    }
    to.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        seen.lastAtMs = performance.now();
        if (seen.firstAtMs === 0) seen.firstAtMs = seen.lastAtMs;
        seen.receivedBytes += data.byteLength;
      };
    };
    const channel = from.createDataChannel('load', { ordered: false, maxRetransmits: 0 });
    const message = new Uint8Array(messageBytes);
    const timer = setInterval(() => {
      // What cannot be sent piles up: it would only say how large the browser's own buffer is.
      if (channel.readyState === 'open' && channel.bufferedAmount < 10 * messageBytes) channel.send(message);
    }, 20);
    const bytesOf = async (connection: RTCPeerConnection) => {
      const stats = [...(await connection.getStats()).values()];
      const transport = stats.find(({ type }) => type === 'transport');
      const selected = stats.find(({ id }) => id === transport?.selectedCandidatePairId);
      return selected === undefined ? 0 : selected.bytesSent + selected.bytesReceived;
    };
    (globalThis as unknown as PairWindow).pair = {
      progress: async () => ({
        ...seen,
        nowMs: performance.now(),
        senderBytes: await bytesOf(from),
        receiverBytes: await bytesOf(to),
      }),
      close: () => {
        clearInterval(timer);
        from.close();
        to.close();
      },
    };
    await from.setLocalDescription(await from.createOffer());
    await to.setRemoteDescription(from.localDescription as RTCSessionDescription);
    await to.setLocalDescription(await to.createAnswer());
    await from.setRemoteDescription(to.localDescription as RTCSessionDescription);
  }, options);
}

export const pairProgress = (page: Page): Promise<PairProgress> =>
  page.evaluate(() => (globalThis as unknown as PairWindow).pair.progress());

export const closePair = (page: Page): Promise<void> =>
  page.evaluate(() => (globalThis as unknown as PairWindow).pair.close());
