import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { withCable, withoutCable } from './callback-change.ts';
import { type Callback, changeOf } from './callbacks.ts';
import { type PatchFlow, patchGraph } from './patch-graph.ts';
import { BOX_WIDTH, boxHeight } from './patch-layout.ts';
import type { EventTaker } from './service-target.ts';

const services = [
  { name: 'signaling', title: 'Signaling', events: ['session.started', 'session.ended'] },
  { name: 'notification', title: 'Notification', events: ['message.published'] },
  { name: 'speech', title: 'Speech', events: ['completed'] },
];
const takerOf = (service: string, operation: string, emits: readonly string[]): EventTaker => ({
  ...{ service, operation, emits, fields: {} },
  request: z.strictObject({ channel: z.string().optional() }),
});
const takers = [
  takerOf('notification', 'publish', ['notification.message.published']),
  takerOf('speech', 'say', ['speech.completed']),
];
const flowOf = (change: Partial<PatchFlow>): PatchFlow => ({
  ...{ webhookId: 'whk_1', url: 'service:notification?channel=calls', service: 'signaling' },
  ...{ state: 'active', health: 'ok', eventTypes: ['signaling.session.ended'], counts: [] },
  ...change,
});
const graphOf = (flows: readonly PatchFlow[], place = {}) => patchGraph({ services, takers, flows, place });

const urls = [
  'service:notification?channel=calls',
  'service:notification/publish?channel={data.code}',
  'service:speech',
  'service:nothing/there',
  'https://api.example.com/hooks/s3cret',
  'https://other.example.com/',
];
const types = [
  ...services.flatMap(({ name, events }) => events.map((event) => `${name}.${event}`)),
  ...['signaling.*', '*', 'hooks.webhook.failing'],
];
const anyFlows = fc
  .uniqueArray(
    fc.record({
      url: fc.constantFrom(...urls),
      fallbackUrl: fc.option(fc.constantFrom(...urls), { nil: undefined }),
      service: fc.constantFrom(undefined, 'signaling'),
      applicationId: fc.constantFrom(undefined, 'app_1', 'app_2'),
      eventTypes: fc.uniqueArray(fc.constantFrom(...types), { minLength: 1 }),
    }),
    { maxLength: 8, selector: (one) => JSON.stringify(one) },
  )
  .map((flows) => flows.map((one, index) => flowOf({ ...one, webhookId: `whk_${index}` })));

test('the graph has exactly the stored cables, each between ports that are there (HKS-5)', () => {
  fc.assert(
    fc.property(anyFlows, (flows) => {
      const { boxes, cables } = graphOf(flows);
      const stored = flows.flatMap(({ webhookId, eventTypes, url, fallbackUrl }) =>
        eventTypes.flatMap((type) =>
          [url, fallbackUrl].flatMap((end) => (end === undefined ? [] : [`${webhookId} ${type} ${end}`])),
        ),
      );
      const drawn = cables.map(({ flow, eventType, url }) => `${flow.webhookId} ${eventType} ${url}`);
      expect(drawn.toSorted()).toEqual(stored.toSorted());
      for (const { from, to } of cables) {
        const source = boxes.find(({ key }) => key === from.box);
        const target = boxes.find(({ key }) => key === to.box);
        expect(source?.outputs.find(({ key }) => key === from.port)?.isUsed).toBe(true);
        expect(target?.inputs.find(({ key }) => key === to.port)?.isUsed).toBe(true);
      }
    }),
  );
});

test('in whatever order a configuration is read it is the same drawing, and no box lies on another', () => {
  fc.assert(
    fc.property(anyFlows, (flows) => {
      const { boxes, cables } = graphOf(flows);
      expect(graphOf(flows.toReversed())).toEqual({ boxes, cables });
      for (const one of boxes)
        for (const other of boxes)
          if (one !== other)
            expect(
              one.x + BOX_WIDTH <= other.x ||
                other.x + BOX_WIDTH <= one.x ||
                one.y + boxHeight(one) <= other.y ||
                other.y + boxHeight(other) <= one.y,
            ).toBe(true);
    }),
  );
});

test('a cable leads to the right, one after the other, and addresses stand last', () => {
  const { boxes } = graphOf([
    flowOf({ url: 'service:speech' }),
    flowOf({ webhookId: 'whk_2', service: 'speech', eventTypes: ['speech.completed'] }),
    flowOf({ webhookId: 'whk_3', url: 'https://api.example.com/' }),
  ]);
  const inOrder = boxes.toSorted((one, other) => one.x - other.x).map(({ key }) => key);
  expect(inOrder).toEqual(['signaling', 'speech', 'notification', 'address api.example.com']);
});

test('two services that each take an event of the other are drawn all the same', () => {
  const { cables } = graphOf([
    flowOf({ service: 'speech', eventTypes: ['speech.completed'] }),
    flowOf({ webhookId: 'whk_2', eventTypes: ['notification.message.published'], url: 'service:speech' }),
  ]);
  expect(cables).toHaveLength(2);
});

test('of an address a drawing says the host alone', () => {
  const { boxes } = graphOf([flowOf({ url: 'https://api.example.com/hooks/s3cret?key=1' })]);
  expect(JSON.stringify(boxes)).not.toMatch(/s3cret|key=1/);
  expect(boxes.map(({ title }) => title)).toContain('api.example.com');
});

test('what is set above a place is inherited there, and what is set in it or below can be drawn anew', () => {
  const flows = [
    flowOf({ webhookId: 'whk_account' }),
    flowOf({ webhookId: 'whk_app', applicationId: 'app_1' }),
    flowOf({ webhookId: 'whk_type', applicationId: 'app_1', instanceType: 'phone' }),
    flowOf({ webhookId: 'whk_webhook', service: undefined }),
  ];
  const said = (place: object) =>
    Object.fromEntries(
      graphOf(flows, place).cables.map(({ flow, isInherited, isEditable }) => [
        flow.webhookId,
        `${isInherited ? 'inherited' : 'here'}${isEditable ? ', own' : ''}`,
      ]),
    );
  const own = 'here, own';
  const webhook = { whk_webhook: 'here' };
  expect(said({})).toEqual({ whk_account: own, whk_app: own, whk_type: own, ...webhook });
  const inherited = { whk_account: 'inherited', whk_webhook: 'inherited' };
  expect(said({ applicationId: 'app_1' })).toEqual({ ...inherited, whk_app: own, whk_type: own });
  expect(said({ applicationId: 'app_1', instanceType: 'phone' })).toEqual({
    ...inherited,
    ...{ whk_app: 'inherited', whk_type: own },
  });
});

test('a cable counts what went its way, and a pattern what went any way that it stands for', () => {
  const figures = (delivered: number) => ({ delivered, failed: 1, waiting: 0 });
  const counts = ['signaling.session.started', 'signaling.session.ended'].map((eventType, index) => ({
    ...{ eventType, lastHour: figures(index + 1), lastDay: figures(10 * (index + 1)) },
  }));
  const hourOf = (eventType: string) =>
    graphOf([flowOf({ eventTypes: [eventType], counts })]).cables[0]?.lastHour;
  expect(hourOf('signaling.session.ended')).toEqual({ delivered: 2, failed: 1, waiting: 0 });
  expect(hourOf('signaling.*')).toEqual({ delivered: 3, failed: 2, waiting: 0 });
});

const callbacks: readonly Callback[] = [
  { url: 'https://api.example.com/', fallbackUrl: 'https://other.test/', events: ['session.ended'] },
  { url: 'service:notification?channel=calls', events: ['session.started', 'session.ended'] },
];

test('drawing a cable and taking it away again changes nothing, and others of the place stay as they are', () => {
  const cable = { event: 'session.started', url: 'service:notification?channel=others' };
  const drawn = withCable(callbacks, cable);
  expect(drawn).toEqual([...callbacks, { url: cable.url, events: [cable.event] }]);
  expect(withoutCable(drawn, cable)).toEqual(callbacks);
  expect(withCable(callbacks, { event: 'session.ended', url: 'service:notification?channel=calls' })).toEqual(
    callbacks,
  );
});

test('a callback goes with its last event, and is known by its URL as long as it has one', () => {
  const url = 'https://api.example.com/';
  const more = withCable(callbacks, { event: 'session.started', url });
  expect(more[0]).toEqual({ ...callbacks[0], events: ['session.ended', 'session.started'] });
  const before = callbacks.map((one, index) => ({
    ...one,
    webhookId: `whk_${index}`,
    state: 'active' as const,
  }));
  expect(changeOf(before, more)).toMatchObject({ added: [], removed: [], changed: [{ webhookId: 'whk_0' }] });
  expect(withoutCable(callbacks, { event: 'session.ended', url })).toEqual(callbacks.slice(1));
});
