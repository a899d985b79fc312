import { pathOf, type StatsReport } from '@patchbay/protocol/signaling/media-path';
import type { MediaTransport, QualitySample } from '@patchbay/protocol/signaling/messages';

/** How well a call goes, as its participants feel it. */
export type QualityLevel = 'good' | 'fair' | 'poor';

export interface Quality extends QualitySample {
  readonly level: QualityLevel;
  readonly transport: MediaTransport;
  /** Of the received picture, in pixels. 0 without video. */
  readonly frameHeightPixels: number;
}

/** Counters of the sample before: rates and shares are of the time between. */
export interface QualityBaseline {
  readonly atMs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
}

/** One sample, and the baseline of the next. Undefined while no pair is in use. */
export function sampleQuality(
  reports: readonly StatsReport[],
  before: QualityBaseline | undefined,
  atMs: number,
): { readonly quality: Quality; readonly baseline: QualityBaseline } | undefined {
  const way = pathOf(reports);
  if (way === undefined) return undefined;
  const inbound = reports.filter((report) => report.type === 'inbound-rtp');
  const baseline: QualityBaseline = {
    atMs,
    bytesSent: count(way.pair.bytesSent),
    bytesReceived: count(way.pair.bytesReceived),
    packetsReceived: sum(inbound, 'packetsReceived'),
    packetsLost: sum(inbound, 'packetsLost'),
  };
  const since = (name: keyof QualityBaseline) =>
    Math.max(0, baseline[name] - (before?.[name] ?? baseline[name]));
  const seconds = since('atMs') / 1_000;
  const perSecond = (bytes: number) => (seconds === 0 ? 0 : Math.round((bytes * 8) / seconds));
  const lost = since('packetsLost');
  const expected = lost + since('packetsReceived');
  const rttMs = count(way.pair.currentRoundTripTime) * 1_000;
  const jitterMs = Math.max(0, ...inbound.map((report) => count(report.jitter) * 1_000));
  const lossRatio = expected === 0 ? 0 : lost / expected;
  return {
    baseline,
    quality: {
      path: way.path,
      transport: way.transport,
      rttMs: Math.round(rttMs),
      lossRatio,
      jitterMs: Math.round(jitterMs),
      sentBitsPerSecond: perSecond(since('bytesSent')),
      receivedBitsPerSecond: perSecond(since('bytesReceived')),
      bytesSent: baseline.bytesSent,
      bytesReceived: baseline.bytesReceived,
      level: levelOf({ rttMs, lossRatio, jitterMs }),
      frameHeightPixels: Math.max(0, ...inbound.map((report) => count(report.frameHeight))),
    },
  };
}

/** A coder sends its first picture whole, and waits after it: until here pictures come as they go on. */
const SETTLED_PICTURES = 5;

/** Whether a connection gives something to play: pictures one after the other, or sound. */
export const hasMedia = (reports: readonly StatsReport[], kind: string): boolean =>
  reports.some(
    (report) =>
      report.type === 'inbound-rtp' &&
      report.kind === kind &&
      (kind === 'video'
        ? count(report.framesDecoded) >= SETTLED_PICTURES
        : count(report.packetsReceived) > 0),
  );

/** ITU-T G.114 calls 150 ms one way good and 400 ms the most that is acceptable; loss from what Opus conceals. */
export function levelOf(figures: {
  readonly rttMs: number;
  readonly lossRatio: number;
  readonly jitterMs: number;
}): QualityLevel {
  const { rttMs, lossRatio, jitterMs } = figures;
  if (rttMs > 800 || lossRatio > 0.1 || jitterMs > 100) return 'poor';
  return rttMs > 300 || lossRatio > 0.03 || jitterMs > 40 ? 'fair' : 'good';
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : 0;
}

function sum(reports: readonly StatsReport[], name: string): number {
  return reports.reduce((total, report) => total + count(report[name]), 0);
}
