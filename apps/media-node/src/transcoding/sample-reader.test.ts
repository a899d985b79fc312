import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SampleReader } from './sample-reader.ts';

test('samples are the same in whatever pieces their bytes come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -32_768, max: 32_767 })),
      fc.integer({ min: 1, max: 9 }),
      (given, size) => {
        const bytes = Buffer.alloc(2 * given.length);
        for (const [index, sample] of given.entries()) bytes.writeInt16LE(sample, 2 * index);
        const read: number[] = [];
        const reader = new SampleReader((samples) => read.push(...samples));
        for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size));
        expect(read).toEqual(given);
      },
    ),
  );
});
