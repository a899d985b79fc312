import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countedClassOf, declaredModalityOf, isDeclared } from './declared-media.ts';
import { FALL_MS, ModalityWatch, SEGMENT_COUNT_MAX } from './modality-watch.ts';

test('more begins at once, less when it was all there was for a while; what says nothing changes nothing (MET-4)', () => {
  const watch = new ModalityWatch('none');
  expect(watch.see(undefined, 0)).toBeUndefined();
  expect(watch.see('audio', 500)).toBe('audio');
  expect(watch.see('video', 1_000)).toBe('video');
  expect(watch.see('audio', 2_000)).toBeUndefined();
  expect(watch.see('video', 2_500)).toBeUndefined();
  expect(watch.see('audio', 3_000)).toBeUndefined();
  expect(watch.see(undefined, 4_000)).toBeUndefined();
  expect(watch.see('audio', 3_000 + FALL_MS - 1)).toBeUndefined();
  expect(watch.see('audio', 3_000 + FALL_MS)).toBe('audio');
});

test('whatever is seen, an allocation has a bounded number of segments, and ends as what is most', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('audio', 'video', 'data'), { maxLength: 400 }), (seen) => {
      const watch = new ModalityWatch('none');
      const changes = seen.flatMap((each, index) => watch.see(each, index * FALL_MS * 2) ?? []);
      expect(changes.length).toBeLessThan(SEGMENT_COUNT_MAX);
    }),
  );
  const watch = new ModalityWatch('audio');
  const flicker = Array.from({ length: 1_000 }, (_, index) =>
    index % 4 < 2 ? ('video' as const) : ('audio' as const),
  );
  const changes = flicker.flatMap((each, index) => watch.see(each, index * FALL_MS) ?? []);
  expect(changes.length).toBeLessThan(SEGMENT_COUNT_MAX);
  expect(changes.at(-1)).toBe('video');
});

test('what a credential declares is compared with what is seen: pictures in the class of sound are noticed (NDS)', () => {
  expect(declaredModalityOf({})).toBe('none');
  expect(declaredModalityOf({ bandwidthClass: 'audio' })).toBe('audio');
  expect(declaredModalityOf({ bandwidthClass: 'low-video' })).toBe('video');
  expect(declaredModalityOf({ mediaKinds: ['audio', 'screen'] })).toBe('screen');
  expect(isDeclared({}, 'video')).toBe(true);
  expect(isDeclared({ bandwidthClass: 'high-video' }, 'audio')).toBe(true);
  expect(isDeclared({ bandwidthClass: 'audio' }, 'data')).toBe(true);
  expect(isDeclared({ bandwidthClass: 'audio' }, 'video')).toBe(false);
  expect(isDeclared({ mediaKinds: ['audio'] }, 'video')).toBe(false);
  expect(isDeclared({ mediaKinds: ['screen'] }, 'video')).toBe(true);
  expect(isDeclared({ mediaKinds: ['audio', 'video'] }, 'data')).toBe(false);
  expect(countedClassOf({ bandwidthClass: 'audio' }, 'video')).toBe('low-video');
  expect(countedClassOf({ bandwidthClass: 'audio' }, 'audio')).toBe('audio');
  expect(countedClassOf({ bandwidthClass: 'high-video' }, 'video')).toBe('high-video');
  expect(countedClassOf({}, 'video')).toBeUndefined();
});
