import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  advance,
  type LogicEffect,
  type LogicInput,
  type LogicRun,
  nextDeadlineMs,
  startRun,
} from './interpreter.ts';
import { logicLimits } from './limits.ts';
import { magicAnswerOf, magicUrlOf } from './magic-endpoints.ts';
import { documentSchema, type LogicVerb, unavailableVerbs, verbNames } from './verbs.ts';

const url = 'https://logic.test/start';
const documentOf = (...verbs: readonly object[]) => documentSchema.parse({ version: 1, verbs });

/** A run with its clock and all that it asked for. */
class Bench {
  nowMs = 0;
  run: LogicRun;
  readonly effects: LogicEffect[] = [];

  constructor(...verbs: readonly object[]) {
    const [run, effects] = startRun(url, { from: 'alice' }, this.nowMs);
    this.run = run;
    this.effects.push(...effects);
    if (verbs.length > 0) this.feed({ type: 'fetched', document: documentOf(...verbs), url });
  }

  feed(input: LogicInput): readonly LogicEffect[] {
    const [run, effects] = advance(this.run, input, this.nowMs);
    this.run = run;
    this.effects.push(...effects);
    return effects;
  }

  pass(ms: number): readonly LogicEffect[] {
    this.nowMs += ms;
    return this.feed({ type: 'elapsed' });
  }

  get asked(): readonly LogicEffect[] {
    return this.effects.filter(({ type }) => type !== 'step');
  }
}

const failed = (failure: string) => ({
  type: 'end',
  outcome: expect.objectContaining({ kind: 'failed', failure }),
});

describe('application logic, verb after verb (HKS-3)', () => {
  test('endpoints ring together, and the verbs behind a dial run when nobody answered', () => {
    const bench = new Bench(
      { verb: 'dial', to: ['user:bob', 'user:carol'], timeoutSeconds: 10 },
      { verb: 'message', text: '{{from}}: {{dialStatus}}' },
    );
    expect(bench.asked.at(-1)).toEqual({ type: 'ring', endpoints: ['user:bob', 'user:carol'] });
    expect(bench.pass(9_999)).toEqual([]);
    expect(bench.pass(1)).toEqual([
      { type: 'stopRinging' },
      { type: 'step', index: 1, verb: 'message', detail: 'caller' },
      { type: 'message', text: 'alice: no_answer', to: undefined },
      { type: 'end', outcome: { kind: 'done' } },
    ]);
  });

  test('one after the other, and some at a time; the first to answer is the last thing it hears of', () => {
    const one = new Bench({ verb: 'dial', to: ['user:a', 'user:b'], ring: 'one', secondsMax: 60 });
    expect(one.feed({ type: 'unanswered', status: 'busy' })).toEqual([
      { type: 'ring', endpoints: ['user:b'] },
    ]);
    expect(one.feed({ type: 'answered' })).toEqual([{ type: 'trigger', seconds: 60, action: 'end' }]);
    expect(one.feed({ type: 'unanswered', status: 'rejected' })).toEqual([]);
    const some = new Bench({ verb: 'dial', to: ['user:a', 'user:b', 'user:c'], ring: 'some' });
    expect(some.asked.at(-1)).toEqual({ type: 'ring', endpoints: ['user:a', 'user:b'] });
    expect(some.feed({ type: 'unanswered', status: 'unreachable' })).toEqual([
      { type: 'ring', endpoints: ['user:c'] },
    ]);
  });

  test('a redirect is read against the document it stands in, and so is what follows a dial', () => {
    const bench = new Bench({ verb: 'redirect', url: '/next?by={{from}}' });
    expect(bench.asked.at(-1)).toEqual({ type: 'fetch', url: 'https://logic.test/next?by=alice' });
    bench.feed({
      type: 'fetched',
      url: 'https://other.test/a/b',
      document: documentOf({ verb: 'dial', to: 'user:bob', next: 'c' }),
    });
    expect(bench.feed({ type: 'unanswered', status: 'rejected' })).toEqual([
      { type: 'fetch', url: 'https://other.test/a/c' },
    ]);
    expect(new Bench({ verb: 'redirect', url: 'file:///etc/passwd' }).asked.at(-1)).toEqual(
      failed('invalid'),
    );
  });

  test('a verb is left out unless its variables are as it wants them', () => {
    const bench = new Bench(
      { verb: 'set', values: { day: 'sunday' } },
      { verb: 'hangup', reason: 'open', when: { day: 'monday' } },
      { verb: 'reject', reason: 'busy', when: { day: 'sunday', constructor: '' } },
    );
    expect(bench.asked.at(-1)).toEqual({ type: 'end', outcome: { kind: 'rejected', reason: 'busy' } });
  });

  test('a document with a verb that nothing can carry out is refused by its name before anything ran', () => {
    for (const verb of [
      { verb: 'record' },
      { verb: 'gather', input: 'speech' },
      { verb: 'gather', input: 'any' },
    ]) {
      const bench = new Bench({ verb: 'message', text: 'hello' }, verb);
      expect(bench.asked.slice(1)).toEqual([failed('verb_unavailable')]);
      expect(JSON.stringify(bench.asked)).toContain(`/verbs/1: ${verb.verb}`);
    }
    const late = new Bench({ verb: 'say', text: 'hello' }, { verb: 'dial', to: 'user:bob' });
    expect(late.asked.slice(1)).toEqual([failed('verb_unavailable')]);
    expect(JSON.stringify(late.asked)).toContain('/verbs/1: dial');
  });

  test('documents that only name each other end after five, and so do those that dial nobody between them', () => {
    const circles = (verbs: readonly object[]) => {
      const bench = new Bench();
      let count = 0;
      while (bench.run.state !== 'ended') {
        count += bench.feed({ type: 'fetched', document: documentOf(...verbs), url }).length > 0 ? 1 : 0;
        bench.feed({ type: 'unanswered', status: 'unreachable' });
      }
      expect(bench.asked.at(-1)).toEqual(failed('limit_reached'));
      return count;
    };
    expect(circles([{ verb: 'redirect', url }])).toBe(logicLimits.documentsInARowMax);
    expect(
      circles([
        { verb: 'dial', to: 'user:nobody' },
        { verb: 'redirect', url },
      ]),
    ).toBe(logicLimits.documentsInARowMax);
  });

  test('a magic endpoint is carried out, though no server has its document (PRD-1)', () => {
    for (const name of ['busy', 'no-answer', 'answers', 'machine']) {
      const endpoint = `user:magic-${name}`;
      const magic = magicAnswerOf(endpoint);
      if (magic === undefined || 'failure' in magic) throw new Error(`${endpoint} has no document.`);
      const [run, effects] = startRun(magicUrlOf(endpoint), {}, 0);
      expect(effects).toEqual([{ type: 'fetch', url: `magic:${name}` }]);
      const [, done] = advance(run, { type: 'fetched', document: magic.document, url: run.url }, 0);
      expect(done).toContainEqual(expect.objectContaining({ type: 'step', index: 0 }));
      expect(done).not.toContainEqual(failed('invalid'));
    }
  });

  test('variables do not grow without end', () => {
    const bench = new Bench();
    for (let count = 0; bench.run.state !== 'ended'; count++) {
      const values = Object.fromEntries(Array.from({ length: 32 }, (_, at) => [`n${count}x${at}`, 'x']));
      bench.feed({
        type: 'fetched',
        url,
        document: documentOf({ verb: 'set', values }, { verb: 'redirect', url }),
      });
    }
    expect(bench.asked.at(-1)).toEqual(failed('limit_reached'));
  });
});

describe('a document that answers a call itself (HKS-3)', () => {
  const gather = { verb: 'gather', digitsMax: 4, finishOn: '#', timeoutSeconds: 7, next: '/keys' };
  const sound = (bench: Bench) => bench.effects.findLast((effect) => effect.type === 'sound');

  test('the first sound answers, the next waits for its end, and the end of the document hangs up', () => {
    const bench = new Bench(
      { verb: 'say', text: 'Hello {{from}}', voice: 'slt' },
      { verb: 'play', url: '../sounds/a.wav', repeatCount: 2 },
      { verb: 'play', url: 'tone:440/2000' },
    );
    expect(bench.asked.at(-1)).toEqual({ type: 'answer' });
    expect(bench.feed({ type: 'selfAnswered' })).toEqual([
      {
        type: 'sound',
        number: 1,
        order: {
          kind: 'prompts',
          prompts: [{ kind: 'say', text: 'Hello alice', voice: 'slt', repeatCount: 1 }],
        },
      },
    ]);
    // The end of another order than this one says nothing.
    expect(bench.feed({ type: 'sounded', number: 7, result: { kind: 'done' } })).toEqual([]);
    bench.feed({ type: 'sounded', number: 1, result: { kind: 'done' } });
    expect(sound(bench)).toMatchObject({
      number: 2,
      order: { prompts: [{ kind: 'play', url: 'https://logic.test/sounds/a.wav', repeatCount: 2 }] },
    });
    bench.feed({ type: 'sounded', number: 2, result: { kind: 'done' } });
    expect(sound(bench)).toMatchObject({ order: { prompts: [{ url: 'tone:440/2000' }] } });
    expect(bench.feed({ type: 'sounded', number: 3, result: { kind: 'done' } })).toEqual([
      { type: 'end', outcome: { kind: 'hungUp', reason: undefined } },
    ]);
  });

  test('keys go into a variable and to the address of the gather; where there was none, the verbs behind it run', () => {
    const bench = new Bench(
      { ...gather, prompts: [{ verb: 'pause', seconds: 1 }] },
      { verb: 'hangup', reason: 'none' },
    );
    bench.feed({ type: 'selfAnswered' });
    expect(sound(bench)).toMatchObject({
      order: {
        kind: 'gather',
        prompts: [{ kind: 'pause', milliseconds: 1_000 }],
        digitsMax: 4,
        finishOn: '#',
        timeoutMs: 7_000,
      },
    });
    const before = bench.run;
    expect(bench.feed({ type: 'sounded', number: 1, result: { kind: 'gathered', digits: '42' } })).toEqual([
      { type: 'fetch', url: 'https://logic.test/keys' },
    ]);
    expect(bench.run.variables).toMatchObject({ digits: '42', from: 'alice' });
    bench.run = before;
    expect(
      bench.feed({ type: 'sounded', number: 1, result: { kind: 'gathered', digits: '' } }),
    ).toContainEqual({
      type: 'end',
      outcome: { kind: 'hungUp', reason: 'none' },
    });
  });

  test('a room is answered for and waited in; how it was left goes into a variable, and the document goes on (HKS-3)', () => {
    const room = { verb: 'conference', name: 'team {{from}}', waitUrl: '/music.wav', leaveOn: '*' };
    const bench = new Bench(room, { verb: 'say', text: '{{roomStatus}}' });
    expect(bench.asked.at(-1)).toEqual({ type: 'answer' });
    const [asked] = bench.feed({ type: 'selfAnswered' });
    expect(asked).toMatchObject({
      type: 'sound',
      order: {
        ...{ kind: 'conference', name: 'team-alice', identity: 'alice', role: 'speaker', leaveOn: '*' },
        ...{ isMuted: false, startsRoom: true, endsRoom: false, tones: 'both' },
        wait: [{ kind: 'play', url: 'https://logic.test/music.wav' }],
      },
    });
    const number = asked?.type === 'sound' ? asked.number : -1;
    const next = bench.feed({ type: 'sounded', number, result: { kind: 'left', how: 'key' } });
    expect(next.at(-1)).toMatchObject({ order: { prompts: [{ text: 'key' }] } });
    const further = new Bench({ verb: 'conference', name: 'a', next: '/after' });
    const [begun] = further.feed({ type: 'selfAnswered' });
    expect(
      further.feed({
        type: 'sounded',
        number: begun?.type === 'sound' ? begun.number : -1,
        result: { kind: 'left', how: 'full' },
      }),
    ).toEqual([{ type: 'fetch', url: 'https://logic.test/after' }]);
    const nameless = new Bench({ verb: 'conference', name: '{{nobody}}' });
    expect(nameless.asked.at(-1)).toEqual(failed('invalid'));
    expect(new Bench({ verb: 'conference', name: 'a/b' }).asked.at(-1)).toEqual(failed('invalid'));
  });

  test('nobody to answer, a sound that failed and an address that is none end it, each by its name', () => {
    const refused = new Bench({ verb: 'say', text: 'hello' });
    const none = { type: 'selfRefused', failure: 'media_unavailable', detail: 'None.' } as const;
    expect(refused.feed(none)).toEqual([failed('media_unavailable')]);
    const silent = new Bench({ verb: 'say', text: 'hello' }, { verb: 'message', text: 'not said' });
    silent.feed({ type: 'selfAnswered' });
    const result = { kind: 'failed', failure: 'verb_unavailable', detail: 'No engine.' } as const;
    expect(silent.feed({ type: 'sounded', number: 1, result })).toEqual([failed('verb_unavailable')]);
    for (const url of [
      'file:///etc/passwd',
      'tone:1',
      'tone:440/0',
      'tone:x',
      'echo:',
      'echo:9999999',
      'tone:440/1e3x',
    ])
      expect(new Bench({ verb: 'play', url }).asked.at(-1)).toEqual(failed('invalid'));
  });

  test('nobody is dialled once it has answered, and rejecting is hanging up by then', () => {
    const late = new Bench({ verb: 'play', url: 'tone:beep' }, { verb: 'redirect', url: '/next' });
    late.feed({ type: 'selfAnswered' });
    late.feed({ type: 'sounded', number: 1, result: { kind: 'done' } });
    const other = late.run;
    late.feed({ type: 'fetched', document: documentOf({ verb: 'dial', to: 'user:bob' }), url });
    expect(late.asked.at(-1)).toEqual(failed('verb_unavailable'));
    late.run = other;
    late.feed({ type: 'fetched', document: documentOf({ verb: 'reject' }), url });
    expect(late.asked.at(-1)).toMatchObject({ outcome: { kind: 'hungUp' } });
  });

  test('an answered call may go on for longer than one that rings, and not for ever', () => {
    const bench = new Bench({ verb: 'play', url: 'tone:beep' });
    bench.feed({ type: 'selfAnswered' });
    expect(bench.pass(logicLimits.lastsMsMax)).toEqual([]);
    expect(bench.pass(logicLimits.answeredLastsMsMax - logicLimits.lastsMsMax)).toEqual([
      failed('limit_reached'),
    ]);
  });
});

const duration = fc.integer({ min: 1, max: 600 });
const target = fc.constantFrom('user:a', 'user:b', 'user:{{x}}');
const carriedOut: fc.Arbitrary<object> = fc.oneof(
  fc.record({ verb: fc.constant('pause'), seconds: duration }),
  fc.record(
    {
      verb: fc.constant('dial'),
      to: fc.array(target, { minLength: 1, maxLength: 5 }),
      ring: fc.constantFrom('all', 'one', 'some'),
      timeoutSeconds: fc.integer({ min: 1, max: 300 }),
      next: fc.constantFrom('/a', 'ftp://b', '{{x}}'),
    },
    { requiredKeys: ['verb', 'to'] },
  ),
  fc.record({
    verb: fc.constant('set'),
    values: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '/c')),
  }),
  fc.record({ verb: fc.constant('message'), text: fc.constantFrom('hello', '{{x}}') }),
  fc.record({ verb: fc.constant('redirect'), url: fc.constantFrom('/a', '{{x}}', 'https://other.test/') }),
  fc.record({ verb: fc.constantFrom('hangup', 'reject') }),
  fc.record({ verb: fc.constant('say'), text: fc.constantFrom('hello', '{{x}}') }),
  fc.record({ verb: fc.constant('play'), url: fc.constantFrom('tone:440', '/a.wav', '{{x}}') }),
  fc.record(
    {
      verb: fc.constant('gather'),
      digitsMax: fc.integer({ min: 1, max: 9 }),
      next: fc.constantFrom('/a', '{{x}}'),
    },
    { requiredKeys: ['verb'] },
  ),
);
const inputs: fc.Arbitrary<LogicInput> = fc.oneof(
  fc
    .array(carriedOut, { maxLength: 8 })
    .map((verbs): LogicInput => ({ type: 'fetched', document: documentOf(...verbs), url })),
  fc.constantFrom<LogicInput>(
    { type: 'fetchFailed', failure: 'unreachable', detail: '' },
    { type: 'unanswered', status: 'busy' },
    { type: 'unanswered', status: 'unreachable' },
    { type: 'answered' },
    { type: 'selfAnswered' },
    { type: 'selfRefused', failure: 'media_unavailable', detail: '' },
    { type: 'sounded', number: 1, result: { kind: 'done' } },
    { type: 'sounded', number: 2, result: { kind: 'gathered', digits: '1' } },
    { type: 'elapsed' },
  ),
);

describe('whatever a document says and whatever happens', () => {
  test('every run ends within its limits, and says one end', () => {
    fc.assert(
      fc.property(fc.array(carriedOut, { maxLength: 8 }), fc.boolean(), (verbs, isReached) => {
        const bench = new Bench();
        for (let turn = 0; bench.run.state !== 'ended'; turn++) {
          if (turn > 10_000) throw new Error('It does not end.');
          if (bench.run.state === 'fetching')
            bench.feed({ type: 'fetched', document: documentOf(...verbs), url });
          else if (bench.run.state === 'dialling' && !isReached)
            bench.feed({ type: 'unanswered', status: 'unreachable' });
          else if (bench.run.state === 'answering') bench.feed({ type: 'selfAnswered' });
          else if (bench.run.sounding !== undefined && isReached) {
            const { number } = bench.run.sounding;
            bench.feed({ type: 'sounded', number, result: { kind: 'gathered', digits: '1' } });
          } else bench.pass((nextDeadlineMs(bench.run) ?? 0) - bench.nowMs);
        }
        expect(bench.effects.filter(({ type }) => type === 'end')).toHaveLength(1);
        expect(bench.effects.length).toBeLessThan(4 * logicLimits.stepCountMax);
        expect(bench.nowMs).toBeLessThanOrEqual(logicLimits.answeredLastsMsMax);
        expect(JSON.stringify(bench.run).length).toBeLessThan(4 * logicLimits.documentBytesMax);
      }),
      { numRuns: 200 },
    );
  });

  test('events in any order break nothing: one end at most, and nothing after it or after an answer', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(inputs, fc.nat(120_000)), { maxLength: 40 }), (events) => {
        const bench = new Bench();
        for (const [input, ms] of events) {
          const before = bench.run.state;
          bench.nowMs += ms;
          const effects = bench.feed(input);
          if (before === 'ended' || before === 'connected') expect(effects).toEqual([]);
          // It survives being kept: a run is what is written of it.
          bench.run = JSON.parse(JSON.stringify(bench.run));
        }
        expect(bench.effects.filter(({ type }) => type === 'end').length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});

test('every verb is carried out, or refused by name', () => {
  const seen: Readonly<Record<string, object>> = {
    dial: { to: 'user:a' },
    pause: { seconds: 1 },
    redirect: { url: '/a' },
    message: { text: 'hello' },
    set: { values: {} },
    trigger: { seconds: 1, action: 'end' },
    say: { text: 'hello' },
    play: { url: 'tone:440' },
    conference: { name: 'standup' },
  };
  for (const verb of verbNames) {
    if (unavailableVerbs[verb] !== undefined) continue;
    const one = { verb, ...seen[verb] } as LogicVerb;
    expect(new Bench(one).effects).toContainEqual(expect.objectContaining({ type: 'step', verb }));
  }
});
