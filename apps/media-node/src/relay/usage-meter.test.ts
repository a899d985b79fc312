import type { FlowTotals } from '@patchbay/protocol/turn/data-path';
import { noDrops } from '@patchbay/protocol/turn/flow';
import type { Grant } from '@patchbay/protocol/turn/grant';
import type { ObservedMedia } from '@patchbay/protocol/turn/observed-media';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUsageMeter, type ModalityChange } from './usage-meter.ts';
import type { OpenUsage, UsageRecord } from './usage-record.ts';

const startMs = 1_800_000_000_000.6;

function metering(grant: Partial<Grant> = {}) {
  const totals: FlowTotals = {
    packetsIn: 0,
    bytesIn: 0,
    packetsOut: 0,
    bytesOut: 0,
    checkBytesIn: 0,
    checkBytesOut: 0,
    overIpv6: { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0 },
    drops: noDrops(),
  };
  const records: UsageRecord[] = [];
  const changes: ModalityChange[] = [];
  /** What the next ticks see. */
  const wire: { carries: ObservedMedia | undefined } = { carries: undefined };
  let checkpoints: readonly OpenUsage[] = [];
  const meter = createUsageMeter({
    region: 'eu-1',
    boot: 'boot',
    sample: () => totals,
    observe: () => wire.carries,
    modalityChanged: (change) => changes.push(change),
    record: (record) => records.push(record),
    checkpoint: (open) => {
      checkpoints = open;
    },
    discoveryAccountId: () => 'acc_root',
  });
  const whole: Grant = { accountId: 'acc_a', credentialId: 'crd_a', keyId: 'key_a', limits: [], ...grant };
  meter.allocated(
    {
      allocationId: 'a',
      client: { transport: 'udp', listenerId: 0, address: { ip: new Uint8Array(4), port: 1 } },
      family: 'ipv4',
      relayed: [{ ip: new Uint8Array(4), port: 2 }],
      grant: whole,
      bandwidthClass: whole.bandwidthClass,
    },
    startMs,
  );
  const sumOf = (name: string, from: readonly UsageRecord[] = records) =>
    from
      .flatMap(({ quantities }) => quantities)
      .filter(({ meter: m }) => m === name)
      .reduce((sum, { quantity }) => sum + quantity, 0);
  return { meter, totals, records, changes, wire, sumOf, open: () => checkpoints };
}

describe('usage of an allocation (MET-1, MET-2)', () => {
  it('is recorded every 2 seconds and at the end, as differences with the owner and all dimensions', () => {
    const { meter, totals, records } = metering({
      applicationId: 'app_a',
      sessionId: 'ses_a',
      bandwidthClass: 'audio',
    });
    totals.packetsIn = 3;
    totals.bytesIn = 300;
    meter.mediaStarted('a', startMs);
    for (let ms = 500; ms <= 2_000; ms += 500) meter.tick(startMs + ms);
    expect(records).toHaveLength(1);
    totals.bytesIn = 450;
    totals.bytesOut = 70;
    totals.checkBytesOut = 9;
    meter.ended('a', totals, startMs + 3_000);
    const path = { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'audio' };
    expect(records[0]).toEqual({
      key: 'a/0',
      allocationId: 'a',
      accountId: 'acc_a',
      applicationId: 'app_a',
      credentialId: 'crd_a',
      sessionId: 'ses_a',
      segment: 0,
      service: 'network-discovery',
      region: 'eu-1',
      modality: 'audio',
      fromMs: 1_800_000_000_000,
      toMs: 1_800_000_002_000,
      quantities: [
        { meter: 'attempts', quantity: 1, dimensions: { kind: 'relay', outcome: 'succeeded' } },
        { meter: 'allocations', quantity: 1, dimensions: path },
        { meter: 'allocationMs', quantity: 2_000, dimensions: path },
        { meter: 'packets', quantity: 3, dimensions: { ...path, direction: 'in' } },
        { meter: 'bytes', quantity: 300, dimensions: { ...path, direction: 'in' } },
      ],
    });
    expect(records[1]).toMatchObject({
      key: 'a/1',
      fromMs: 1_800_000_002_000,
      quantities: [
        { meter: 'allocationMs', quantity: 1_000 },
        { meter: 'bytes', quantity: 150, dimensions: { direction: 'in' } },
        { meter: 'bytes', quantity: 70, dimensions: { direction: 'out' } },
        { meter: 'checkBytes', quantity: 9, dimensions: { direction: 'out' } },
      ],
    });
  });

  it('is recorded each second near a limit of bytes or seconds', () => {
    const limit = { counterId: 'c', used: 0, counts: 'total', outcome: 'end' } as const;
    const bytes = metering({ limits: [{ ...limit, kind: 'bytes', max: 1_000 }] });
    bytes.totals.bytesIn = 900;
    const seconds = metering({ limits: [{ ...limit, kind: 'seconds', max: 4 }] });
    const far = metering({
      limits: [
        { ...limit, kind: 'seconds', max: 1_000 },
        { ...limit, kind: 'bytes', max: 1e9 },
      ],
    });
    for (const { meter } of [bytes, seconds, far]) {
      meter.mediaStarted('a', startMs);
      for (let ms = 500; ms <= 4_000; ms += 500) meter.tick(startMs + ms);
    }
    expect([bytes, seconds, far].map(({ records }) => records.length)).toEqual([4, 4, 2]);
  });

  it('a checkpoint has the key of the record that will replace it, and never less', () => {
    const { meter, totals, records, open, sumOf } = metering();
    totals.bytesIn = 5;
    meter.tick(startMs + 500);
    expect(open()).toMatchObject([
      {
        key: 'a/0',
        quantities: expect.arrayContaining([expect.objectContaining({ meter: 'bytes', quantity: 5 })]),
      },
    ]);
    totals.bytesIn = 8;
    meter.ended('a', totals, startMs + 700);
    expect(records).toMatchObject([{ key: 'a/0' }]);
    expect(sumOf('bytes')).toBe(8);
  });

  it('an allocation that carries no media is counted, and its time is not: it begins with the first media (QUE-5)', () => {
    const { meter, totals, records, sumOf } = metering();
    totals.checkBytesIn = 90;
    for (let ms = 500; ms <= 20_000; ms += 500) meter.tick(startMs + ms);
    expect(records).toHaveLength(1);
    expect([sumOf('allocations'), sumOf('checkBytes'), sumOf('allocationMs')]).toEqual([1, 90, 0]);
    totals.bytesIn = 10;
    meter.mediaStarted('a', startMs + 20_700);
    for (let ms = 21_000; ms <= 25_000; ms += 500) meter.tick(startMs + ms);
    meter.ended('a', totals, startMs + 25_200);
    expect([sumOf('bytes'), sumOf('allocationMs')]).toEqual([10, 4_500]);
  });

  it('an allocation that never carried any ends without a word more', () => {
    const { meter, totals, records } = metering();
    meter.tick(startMs + 2_500);
    meter.ended('a', totals, startMs + 600_000);
    expect(records.map(({ key, quantities }) => [key, quantities.map((each) => each.meter)])).toEqual([
      ['a/0', ['attempts', 'allocations']],
    ]);
  });

  it('a change of class begins a segment under its own dimensions (MET-4)', () => {
    const { meter, totals, records } = metering({ bandwidthClass: 'high-video' });
    totals.bytesIn = 100;
    meter.classChanged('a', 'audio', startMs + 1_500);
    totals.bytesIn = 130;
    meter.ended('a', totals, startMs + 2_000);
    expect(records.map(({ segment, modality, fromMs, toMs }) => [segment, modality, toMs - fromMs])).toEqual([
      [0, 'video', 1_500],
      [1, 'audio', 500],
    ]);
    const bytes = records.map(({ quantities }) => quantities.find(({ meter: name }) => name === 'bytes'));
    expect(bytes).toMatchObject([
      { quantity: 100, dimensions: { bandwidthClass: 'high-video' } },
      { quantity: 30, dimensions: { bandwidthClass: 'audio' } },
    ]);
  });

  it('what is carried is seen: the first kind is that of all before it, another begins a segment (MET-4)', () => {
    const { meter, totals, records, changes, wire } = metering();
    meter.mediaStarted('a', startMs);
    const run = (carries: ObservedMedia | undefined, untilMs: number, fromMs: number) => {
      wire.carries = carries;
      for (let ms = fromMs; ms <= untilMs; ms += 500) {
        totals.bytesIn += 100;
        meter.tick(startMs + ms);
      }
    };
    run(undefined, 500, 500);
    run('audio', 3_000, 1_000);
    run('video', 6_000, 3_500);
    meter.ended('a', totals, startMs + 6_000);
    const spans = records.map(({ segment, modality, fromMs, toMs, quantities }) => [
      segment,
      modality,
      toMs - fromMs,
      quantities.find(({ meter: name }) => name === 'bytes')?.quantity,
    ]);
    expect(spans).toEqual([
      [0, 'audio', 2_000, 400],
      [0, 'audio', 1_500, 300],
      [1, 'video', 2_000, 400],
      [1, 'video', 500, 100],
    ]);
    const [first, second] = changes;
    expect(first).toMatchObject({ modality: 'audio', previousModality: 'none', segment: 0 });
    expect(second).toMatchObject({ modality: 'video', previousModality: 'audio', segment: 1 });
    expect(changes).toHaveLength(2);
  });

  it('pictures in the class of sound count as low video for as long as they last; a class of a limit stays', () => {
    const classesOf = (grant: Partial<Grant>, isDowngraded: boolean) => {
      const { meter, totals, records, wire } = metering(grant);
      wire.carries = 'video';
      if (isDowngraded) meter.classChanged('a', 'audio', startMs + 100);
      for (let ms = 500; ms <= 8_000; ms += 500) {
        if (ms > 4_000) wire.carries = 'audio';
        totals.bytesIn += 100;
        meter.tick(startMs + ms);
      }
      meter.ended('a', totals, startMs + 8_500);
      const bytes = records.flatMap(({ quantities }) => quantities).filter((each) => each.meter === 'bytes');
      const classes = bytes.map(({ dimensions }) => String(Object(dimensions).bandwidthClass));
      return classes.filter((each, index) => each !== classes[index - 1]);
    };
    expect(classesOf({ bandwidthClass: 'audio' }, false)).toEqual(['audio', 'low-video', 'audio']);
    expect(classesOf({ bandwidthClass: 'high-video' }, false)).toEqual(['high-video']);
    expect(classesOf({ bandwidthClass: 'high-video' }, true)).toEqual(['audio']);
    expect(classesOf({}, false)).toEqual(['none']);
  });

  it('sums are exact whatever the ticks: spans meet, bytes and milliseconds add up', () => {
    const steps = fc.array(
      fc.record({
        ms: fc.double({ min: 0.01, max: 4_000, noNaN: true }),
        bytes: fc.nat(100_000),
        carries: fc.constantFrom(undefined, 'data', 'audio', 'video'),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (walk) => {
        const { meter, totals, records, sumOf, wire } = metering();
        let nowMs = startMs;
        meter.mediaStarted('a', startMs);
        for (const { ms, bytes, carries } of walk) {
          wire.carries = carries;
          nowMs += ms;
          totals.bytesOut += bytes;
          meter.tick(nowMs);
        }
        meter.ended('a', totals, nowMs);
        expect(sumOf('bytes')).toBe(totals.bytesOut);
        expect(sumOf('allocationMs')).toBe(Math.floor(nowMs) - Math.floor(startMs));
        expect(sumOf('allocations')).toBe(1);
        for (const [index, record] of records.entries()) {
          expect(record.fromMs).toBe(index === 0 ? Math.floor(startMs) : records[index - 1]?.toMs);
        }
      }),
    );
  });
});

describe('attempts', () => {
  it('refusals are counted for their account, discovery for the account that was named', () => {
    const { meter, records } = metering();
    const grant: Grant = { accountId: 'acc_b', credentialId: 'crd_b', keyId: 'key_b', limits: [] };
    for (let count = 0; count < 3; count++) {
      meter.attempted(
        { type: 'attempted', kind: 'relay', outcome: 'refused', code: 486, grant, family: 'ipv4' },
        startMs,
      );
      meter.attempted(
        { type: 'attempted', kind: 'discovery', outcome: 'succeeded', family: 'ipv4' },
        startMs,
      );
    }
    meter.attempted({ type: 'attempted', kind: 'relay', outcome: 'refused', family: 'ipv4' }, startMs);
    meter.tick(startMs + 500);
    expect(records.map(({ accountId, quantities }) => [accountId, quantities])).toEqual([
      ['acc_b', [{ meter: 'attempts', quantity: 3, dimensions: { kind: 'relay', outcome: 'refused' } }]],
      [
        'acc_root',
        [{ meter: 'attempts', quantity: 3, dimensions: { kind: 'discovery', outcome: 'succeeded' } }],
      ],
    ]);
    expect(new Set(records.map(({ key }) => key)).size).toBe(2);
  });
});
