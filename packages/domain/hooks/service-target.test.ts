import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Cable, loopIn, loopText } from './callback-loop.ts';
import { mayHave, offeredFields } from './event-template.ts';
import {
  type EventTaker,
  readTarget,
  refusalOfTarget,
  requestOf,
  targetUrl,
  textsOf,
} from './service-target.ts';

const takers: readonly EventTaker[] = [
  {
    service: 'notification',
    operation: 'publish',
    request: z.strictObject({
      channel: z.string().regex(/^[a-z:._-]+$/i, 'That is no channel.'),
      data: z.json().optional(),
      ttlSeconds: z.int().min(1).optional(),
    }),
    fields: { data: '{}' },
    emits: ['notification.message.published'],
  },
  {
    service: 'speech',
    operation: 'say',
    request: z.strictObject({
      text: z.string(),
      isLoud: z.boolean().optional(),
      waits: z.boolean().default(true),
    }),
    fields: {},
    always: { waits: 'false' },
    emits: [],
  },
  {
    service: 'speech',
    operation: 'spell',
    request: z.strictObject({ text: z.string() }),
    fields: {},
    emits: [],
  },
];
const ended = {
  'signaling.session.ended': z.object({
    reason: z.object({ code: z.string() }),
    to: z.string().optional(),
    byteCount: z.int(),
  }),
};
const event = {
  id: 'evt_1',
  type: 'signaling.session.ended',
  timestamp: '2026-11-30T00:00:00.000Z',
  applicationId: 'app_1',
  data: { reason: { code: 'hangup' }, byteCount: 7 },
};

function read(text: string) {
  const target = readTarget(text, takers);
  if ('problem' in target) throw new Error(target.problem);
  return target;
}
const problemOf = (text: string): string | undefined => {
  const target = readTarget(text, takers);
  return 'problem' in target ? target.problem : refusalOfTarget(target, ended);
};

describe('a service in place of an address (HKS-4)', () => {
  test('is told the whole event where the callback says nothing else, and fields of it where it names them', () => {
    expect(requestOf(read('service:notification?channel=calls'), event)).toEqual({
      request: { channel: 'calls', data: event },
    });
    const named =
      'service:notification/publish?channel=calls.{applicationId}&data={data.reason}&ttlSeconds=60';
    expect(problemOf(named)).toBeUndefined();
    expect(requestOf(read(named), event)).toEqual({
      request: { channel: 'calls.app_1', data: { code: 'hangup' }, ttlSeconds: 60 },
    });
    const said = 'service:speech/say?text={data.byteCount} bytes, {data.reason.code}&isLoud=true';
    expect(requestOf(read(said), event)).toEqual({
      request: { text: '7 bytes, hangup', isLoud: true, waits: false },
    });
  });

  test.each([
    {
      text: 'service:turn',
      says: 'takes no events; these do: service:notification/publish, service:speech/say',
    },
    { text: 'service:notification/remove?channel=calls', says: 'takes no events' },
    { text: 'service:notification/publish/now?channel=calls', says: 'takes no events' },
    { text: 'service://notification?channel=calls', says: 'write it as' },
    { text: 'service:notification?channel=calls#part', says: 'write it as' },
    { text: 'service:speech?text=a', says: 'name the operation: service:speech/say or service:speech/spell' },
    { text: 'service:notification?chanel=calls', says: 'has no field chanel, but channel, data, ttlSeconds' },
    { text: 'service:notification?channel=a&channel=b', says: 'channel is said twice' },
    { text: 'service:notification', says: 'channel is missing' },
    { text: 'service:notification?channel=two words', says: 'That is no channel.' },
    { text: 'service:notification?channel=calls&ttlSeconds=soon', says: 'ttlSeconds: ' },
    { text: 'service:notification?channel=calls&ttlSeconds=0', says: 'ttlSeconds: ' },
    { text: 'service:notification?channel=calls&ttlSeconds=1{data.byteCount}s', says: 'ttlSeconds: ' },
    { text: 'service:speech/say?text=a&waits=true', says: 'waits is false here' },
    { text: 'service:speech/say?text=a&isLoud=perhaps', says: 'isLoud: ' },
    {
      text: 'service:notification?channel=calls.{data.code}',
      says: 'signaling.session.ended has no field data.code',
    },
    { text: 'service:notification?channel={data.to.name}', says: 'has no field data.to.name' },
    { text: 'service:notification?channel={owner}', says: 'has no field owner' },
    { text: 'service:notification?channel={id.x}', says: 'has no field id.x' },
    { text: 'service:notification?channel=a{b', says: 'is no field' },
    { text: 'service:notification?channel=a{b c}', says: 'is no field' },
    { text: `service:notification?channel=${'{id}'.repeat(17)}`, says: 'more than 16 fields' },
  ])('$text is refused when it is set: $says', ({ text, says }) => {
    expect(problemOf(text)).toContain(says);
  });

  test('an event without the field that a callback asks of it makes no request', () => {
    expect(requestOf(read('service:notification?channel=calls.{data.to}'), event)).toEqual({
      absent: 'data.to',
    });
    expect(requestOf(read('service:notification?channel={data.to}'), event)).toEqual({ absent: 'data.to' });
    // Nor has an object one text.
    expect(requestOf(read('service:notification?channel=a{data.reason}'), event)).toEqual({
      absent: 'data.reason',
    });
    // What every object inherits is no field of an event.
    expect(requestOf(read('service:notification?channel=a{data.toString}'), event)).toEqual({
      absent: 'data.toString',
    });
  });
});

describe('circles (HKS-4)', () => {
  const cable = (from: string, target: string, ...emits: string[]): Cable => ({
    events: [from],
    target: `service:${target}`,
    emits,
  });

  test('a chain that ends is none, however often its parts are met', () => {
    expect(
      loopIn([cable('a', 'x', 'b', 'c'), cable('b', 'y', 'd'), cable('c', 'y', 'd'), cable('d', 'z')]),
    ).toBeUndefined();
  });

  test('an operation that leads to the event which it takes is one', () => {
    expect(loopIn([cable('a', 'x', 'b'), cable('b', 'y', 'b')])).toEqual(['b', 'service:y', 'b']);
  });

  test('one over several services is shown from event to event', () => {
    const cables = [cable('z', 'y', 'a'), cable('a', 'x', 'b'), cable('b', 'y', 'c'), cable('c', 'w', 'a')];
    expect(loopText(loopIn(cables) ?? [])).toBe('a → service:x → b → service:y → c → service:w → a');
  });
});

test('what a form writes is read as it was typed, whatever stands in it', () => {
  const taker = { service: 'notification', operation: 'publish' };
  const typed = fc.string({ unit: fc.constantFrom(...' %&#+=?{}/é\n\t\u0000aA7') });
  fc.assert(
    fc.property(typed, typed, (channel, messageKey) => {
      const texts = { channel, messageKey };
      const said = Object.entries(texts).filter(([, text]) => text !== '');
      expect(textsOf(targetUrl(taker, texts))).toEqual(Object.fromEntries(said));
    }),
  );
  expect(targetUrl(taker, { channel: 'calls.{data.code}', data: '' })).toBe(
    'service:notification/publish?channel=calls.{data.code}',
  );
});

test('every field that a form offers is one that the event may have', () => {
  const schema = z.object({
    reason: z.object({ code: z.string(), by: z.object({ name: z.string() }).optional() }),
    legs: z.array(z.string()),
  });
  const offered = offeredFields(schema);
  expect(offered).toEqual(expect.arrayContaining(['sessionId', 'data', 'data.reason.by.name', 'data.legs']));
  expect(offered.filter((field) => !mayHave(schema, field.split('.')))).toEqual([]);
});
