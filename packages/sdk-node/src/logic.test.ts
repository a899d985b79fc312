import { signWebhook, webhookSecretText } from '@patchbay/protocol/webhook/signature';
import { expect, test } from 'vitest';
import { logic, logicHandler } from './logic.ts';

const secret = new Uint8Array(32).fill(1);

test('a beginning is shared: a verb changes no builder that was there before', () => {
  const greeting = logic().message('Hello');
  expect(
    [greeting.hangup(), greeting.reject({ reason: 'busy' })].map((one) => one.toJSON().verbs.length),
  ).toEqual([2, 2]);
  expect(greeting.toJSON().verbs).toHaveLength(1);
});

test('what must not compile does not', () => {
  // @ts-expect-error An endpoint is a text.
  logic().dial(7);
  // @ts-expect-error There is no such verb.
  expect(() => logic().dance()).toThrow();
});

test('the handler answers what the platform signed, and nothing else', async () => {
  const handler = logicHandler(webhookSecretText(secret), ({ data }) => logic().dial(data.session.caller));
  const body = JSON.stringify({ id: 'ses_1.1', data: { session: { caller: 'user:alice' } } });
  const timestampSeconds = Math.floor(Date.now() / 1_000);
  const signature = signWebhook({ id: 'ses_1.1', timestampSeconds, body }, [secret]);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': 'ses_1.1',
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signature,
  };
  const ask = (init: RequestInit) => handler(new Request('https://logic.test/', { method: 'POST', ...init }));
  expect(await (await ask({ body, headers })).json()).toEqual({
    version: 1,
    verbs: [{ verb: 'dial', to: 'user:alice' }],
  });
  expect((await ask({ body: `${body} `, headers })).status).toBe(401);
});
