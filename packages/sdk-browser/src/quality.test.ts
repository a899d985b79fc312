import { describe, expect, it } from 'vitest';
import { levelOf, sampleQuality } from './quality.ts';

const pair = {
  type: 'candidate-pair',
  id: 'P',
  localCandidateId: 'L',
  remoteCandidateId: 'R',
  nominated: true,
  state: 'succeeded',
  bytesSent: 1_000,
  bytesReceived: 2_000,
  currentRoundTripTime: 0.05,
};
const local = { type: 'local-candidate', id: 'L', candidateType: 'host', protocol: 'udp' };
const remote = { type: 'remote-candidate', id: 'R', candidateType: 'prflx' };
const inbound = { type: 'inbound-rtp', packetsReceived: 90, packetsLost: 10, jitter: 0.01, frameHeight: 480 };

describe('quality', () => {
  it('rates and loss are of the time between two samples, not of the whole call', () => {
    const first = sampleQuality([pair, local, remote, inbound], undefined, 1_000);
    expect(first?.quality).toMatchObject({ sentBitsPerSecond: 0, lossRatio: 0, rttMs: 50, jitterMs: 10 });
    const later = { ...pair, bytesSent: 2_000, bytesReceived: 4_500 };
    const inboundLater = { ...inbound, packetsReceived: 165, packetsLost: 35 };
    const second = sampleQuality([later, local, remote, inboundLater], first?.baseline, 3_000);
    expect(second?.quality).toMatchObject({
      sentBitsPerSecond: 4_000,
      receivedBitsPerSecond: 10_000,
      lossRatio: 0.25,
      bytesSent: 2_000,
      frameHeightPixels: 480,
      level: 'poor',
    });
  });

  it('counters that went back, as after a new connection, give no negative rate', () => {
    const first = sampleQuality([{ ...pair, bytesSent: 9_000 }, local, remote], undefined, 0);
    expect(sampleQuality([pair, local, remote], first?.baseline, 1_000)?.quality.sentBitsPerSecond).toBe(0);
  });

  it('the worst figure decides the level', () => {
    expect(levelOf({ rttMs: 20, lossRatio: 0, jitterMs: 2 })).toBe('good');
    expect(levelOf({ rttMs: 20, lossRatio: 0.05, jitterMs: 2 })).toBe('fair');
    expect(levelOf({ rttMs: 900, lossRatio: 0, jitterMs: 2 })).toBe('poor');
  });
});
