import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from './message.ts';
import { mutations } from './mutation.ts';

const folder = join(import.meta.dirname, 'corpus');
const corpus = readdirSync(folder)
  .filter((name) => name.endsWith('.hex'))
  .sort()
  .map((name) => ({
    name,
    bytes: Uint8Array.from(Buffer.from(readFileSync(join(folder, name), 'utf8').replace(/\s/g, ''), 'hex')),
  }));

describe('the STUN decoder under mutation', () => {
  it.each(corpus)('corpus $name: is decoded or refused, and never throws', ({ bytes }) => {
    const result = decodeMessage(bytes);
    if (result.ok) expect(result.message.bytes).toBe(bytes);
    else expect(result.reason).toMatch(/^[a-z-]+$/);
  });

  it('60,000 seeded mutations: every view stays inside, and what is decoded can be encoded', () => {
    let decodedCount = 0;
    for (const bytes of mutations(
      corpus.map((entry) => entry.bytes),
      { seed: 5769, count: 60_000 },
    )) {
      const result = decodeMessage(bytes);
      if (!result.ok) continue;
      decodedCount++;
      for (const { value, offset } of result.message.attributes) {
        expect(offset + 4 + value.length).toBeLessThanOrEqual(bytes.length);
      }
      const { method, messageClass, transactionId, attributes } = result.message;
      const again = decodeMessage(encodeMessage({ method, messageClass, transactionId, attributes }));
      expect(again.ok).toBe(true);
    }
    // A fuzzer whose every input is refused at the door tests the door only.
    expect(decodedCount).toBeGreaterThan(5_000);
  });
});
