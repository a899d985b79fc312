/**
 * Receivers that do their worst, as a process of their own: what they cost themselves is nothing that the worker spends. It answers each
 * word of its parent by the number that it has, and ends with it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Receivers } from '../../apps/media-node/src/jobs/testing/receivers.ts';
import type { HostileAnswer, HostileWord } from './hostile-receivers.ts';

let receivers = new Receivers();
let slow: Awaited<ReturnType<Receivers['healthy']>> | undefined;

async function answerTo(word: HostileWord): Promise<string | number> {
  switch (word.type) {
    case 'slow':
      slow = await receivers.healthy(async () => {
        await wait(word.answerMs, undefined, { ref: false });
        return 200;
      });
      return slow.url;
    case 'hostile':
      return await receivers.hostile(word.kind);
    case 'slowCount':
      return slow?.received.length ?? 0;
    case 'close':
      receivers.close();
      receivers = new Receivers();
      return 0;
  }
}

process.on('message', async ({ number, word }: { readonly number: number; readonly word: HostileWord }) => {
  const answer: HostileAnswer = { number, value: await answerTo(word) };
  process.send?.(answer);
});
process.on('disconnect', () => process.exit(0));
