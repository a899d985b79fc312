import { expect, test } from 'vitest';
import {
  type ChannelMessage,
  type ChannelPosition,
  heldMessagesMax,
  type LogPart,
  LogReader,
  NO_EPOCH,
} from './channel-log.ts';

const message = (offset: number, epoch = 'a'): ChannelMessage => ({ epoch, offset });
const offsetsOf = (messages: readonly ChannelMessage[]) => messages.map(({ offset }) => offset);

test('what is heard in order comes out at once, and what is heard again does not', () => {
  const reader = new LogReader({ epoch: 'a', offset: 4 });
  expect(offsetsOf(reader.hear(message(5)).messages)).toEqual([5]);
  expect(reader.hear(message(5))).toEqual({ messages: [], isBehind: false });
  expect(reader.position).toEqual({ epoch: 'a', offset: 5 });
});

test('behind a hole nothing comes out before the log was read, and then all of it in order', () => {
  const reader = new LogReader({ epoch: 'a', offset: 0 });
  expect(reader.hear(message(3))).toEqual({ messages: [], isBehind: true });
  expect(reader.hear(message(4))).toEqual({ messages: [], isBehind: false });
  const part = { epoch: 'a', headOffset: 3, firstOffset: 1, messages: [1, 2, 3].map((o) => message(o)) };
  expect(offsetsOf(reader.catchUp({ ...part, throughOffset: 3 }).messages)).toEqual([1, 2, 3, 4]);
});

test('of a part that begins before the position only what is behind it comes out', () => {
  const reader = new LogReader({ epoch: 'a', offset: 2 });
  reader.mistrust();
  const part = { epoch: 'a', headOffset: 3, firstOffset: 1, messages: [1, 2, 3].map((o) => message(o)) };
  expect(offsetsOf(reader.catchUp({ ...part, throughOffset: 3 }).messages)).toEqual([3]);
});

test('what was kept no longer when it was asked for is told as a gap, up to what follows', () => {
  const reader = new LogReader({ epoch: 'a', offset: 2 });
  reader.mistrust();
  const part = { epoch: 'a', headOffset: 9, firstOffset: 7, messages: [message(7), message(9)] };
  const step = reader.catchUp({ ...part, throughOffset: 9 });
  expect(step.gap).toEqual({ epoch: 'a', offset: 6 });
  // Eight had outlived its own time: nobody is told that it is lost.
  expect(offsetsOf(step.messages)).toEqual([7, 9]);
});

test('a log that began anew is a gap, whatever its numbers are', () => {
  const reader = new LogReader({ epoch: 'a', offset: 5 });
  expect(reader.hear(message(1, 'b')).isBehind).toBe(true);
  const part = { epoch: 'b', headOffset: 1, firstOffset: 1, messages: [message(1, 'b')], throughOffset: 1 };
  const step = reader.catchUp(part);
  expect(step.gap).toEqual({ epoch: 'b', offset: 0 });
  expect(step.messages).toEqual([message(1, 'b')]);
});

test('a log that began after it was looked at is no gap while all of it is there', () => {
  const reader = new LogReader({ epoch: NO_EPOCH, offset: 0 });
  expect(reader.hear(message(1)).isBehind).toBe(true);
  const part = { epoch: 'a', headOffset: 2, firstOffset: 1, messages: [message(1), message(2)] };
  expect(reader.catchUp({ ...part, throughOffset: 2 })).toEqual({
    messages: part.messages,
    isBehind: false,
  });
});

test('no more is held than its bound, and what was let go is read', () => {
  const reader = new LogReader({ epoch: 'a', offset: 0 });
  for (let offset = 2; offset <= heldMessagesMax + 3; offset += 1) reader.hear(message(offset));
  const step = reader.catchUp({
    ...{ epoch: 'a', headOffset: 1, firstOffset: 1, messages: [message(1)] },
    throughOffset: 1,
  });
  expect(step.messages).toHaveLength(heldMessagesMax + 1);
  expect(step.isBehind).toBe(true);
});

/** A generator of numbers that a seed decides (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Kept extends ChannelMessage {
  readonly isExpired: boolean;
}

/** A log that keeps so many, hands out parts of so many, and may be removed and begun anew. */
class ModelLog {
  epoch = 'e0';
  head = 0;
  kept: Kept[] = [];
  readonly everything = new Map<string, Kept>();

  publish(isExpired: boolean, keptMax: number): Kept {
    this.head += 1;
    const published = { epoch: this.epoch, offset: this.head, isExpired };
    this.kept = [...this.kept, published].slice(-keptMax);
    this.everything.set(`${this.epoch}/${this.head}`, published);
    return published;
  }

  begin(count: number): void {
    this.epoch = `e${count}`;
    this.head = 0;
    this.kept = [];
  }

  partBehind(position: ChannelPosition, countMax: number): LogPart<Kept> {
    const firstOffset = this.kept[0]?.offset ?? this.head + 1;
    const after = position.epoch === this.epoch ? position.offset : 0;
    const found = this.kept.filter(({ offset }) => offset > after).slice(0, countMax);
    const isAll = (found.at(-1)?.offset ?? this.head) === this.head;
    return {
      epoch: this.epoch,
      headOffset: this.head,
      firstOffset,
      messages: found.filter(({ isExpired }) => !isExpired),
      throughOffset: isAll ? this.head : (found.at(-1)?.offset ?? this.head),
    };
  }
}

/** What a reader was told, held against the log: in order, each once, and nothing missing that no gap tells of. */
class Witness {
  epoch: string;
  offset: number;
  constructor({ epoch, offset }: ChannelPosition) {
    this.epoch = epoch;
    this.offset = offset;
  }

  see(step: { gap?: ChannelPosition; messages: readonly Kept[] }, log: ModelLog): void {
    if (step.gap !== undefined) {
      expect(step.gap.epoch !== this.epoch || step.gap.offset > this.offset).toBe(true);
      this.epoch = step.gap.epoch;
      this.offset = step.gap.offset;
    }
    for (const { epoch, offset } of step.messages) {
      expect(epoch).toBe(this.epoch);
      expect(offset).toBeGreaterThan(this.offset);
      this.#passOver(offset - 1, log);
      this.offset = offset;
    }
  }

  /** Only what has outlived its own time may be left out. */
  #passOver(through: number, log: ModelLog): void {
    for (let offset = this.offset + 1; offset <= through; offset += 1)
      expect(log.everything.get(`${this.epoch}/${offset}`)?.isExpired).toBe(true);
  }

  end(log: ModelLog): void {
    expect(this.epoch).toBe(log.epoch);
    this.#passOver(log.head, log);
  }
}

test('whatever is lost, repeated, late, cut off or begun anew: each message comes once and in order, or is told as lost', () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const random = randomOf(seed);
    const log = new ModelLog();
    const keptMax = 1 + random(12);
    let reader = new LogReader<Kept>({ epoch: log.epoch, offset: 0 });
    const witness = new Witness(reader.position);
    let bus: Kept[] = [];
    let asked: LogPart<Kept> | undefined;
    let epochs = 0;
    const see = (step: ReturnType<LogReader<Kept>['hear']>) => {
      witness.see(step, log);
      // The answer is of the moment at which it was asked for, and comes later.
      if (step.isBehind) asked = log.partBehind(reader.position, 1 + random(5));
    };
    const answer = () => {
      if (asked === undefined) return;
      const part = asked;
      asked = undefined;
      see(reader.catchUp(part));
    };
    for (let turn = 0; turn < 80; turn += 1) {
      const what = random(100);
      if (what < 45) bus.push(log.publish(random(6) === 0, keptMax));
      else if (what < 75) {
        const [next] = bus.splice(random(3) === 0 ? random(bus.length + 1) : 0, 1);
        if (next !== undefined) see(reader.hear(next));
        if (next !== undefined && random(8) === 0) bus.push(next);
      } else if (what < 85) answer();
      // The line broke: some of what was on its way is lost, and it is known that something may be.
      else if (what < 91) {
        bus = bus.filter(() => random(2) === 0);
        see(reader.mistrust());
      }
      // The connection was cut, and another node takes up from the position that the client names.
      else if (what < 96) {
        reader = new LogReader<Kept>({ epoch: witness.epoch, offset: witness.offset });
        asked = undefined;
        see(reader.mistrust());
      } else if (what < 98) {
        epochs += 1;
        log.begin(epochs);
        see(reader.mistrust());
      } else if (asked !== undefined) {
        asked = undefined;
        reader.failed();
      }
    }
    bus = [];
    see(reader.mistrust());
    for (let turn = 0; asked !== undefined; turn += 1) {
      expect(turn).toBeLessThan(200);
      answer();
    }
    witness.end(log);
  }
});
