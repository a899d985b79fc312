import { createHmac, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  parseWebhookSecret,
  type ReceivedWebhook,
  refusalOfWebhook,
  signWebhook,
  webhookSecretText,
} from './signature.ts';

/** The vector of the specification's own libraries (standard-webhooks, `libraries/javascript/src/index.test.ts`). */
const published = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampSeconds: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

const secretOf = (text: string) => {
  const secret = parseWebhookSecret(text);
  if (secret === undefined) throw new Error(`${text} is no secret.`);
  return secret;
};
const secret = secretOf(published.secret);
const nowMs = published.timestampSeconds * 1_000;

const received = (
  change: Readonly<Record<string, string | readonly string[]>> = {},
  body = published.body,
) => {
  const headers: Readonly<Record<string, string | readonly string[]>> = {
    'webhook-id': published.id,
    'webhook-timestamp': String(published.timestampSeconds),
    'webhook-signature': published.signature,
    ...change,
  };
  return { headers: (name: string) => [headers[name] ?? []].flat(), body } satisfies ReceivedWebhook;
};

test('C35: the published vector is signed and verified', () => {
  expect(signWebhook(published, [secret])).toBe(published.signature);
  expect(refusalOfWebhook(received(), [secret], nowMs)).toBeUndefined();
});

test('bodies of any text are signed as node:crypto signs them', () => {
  for (const body of ['', 'é — 😀', 'x'.repeat(70_000)]) {
    const key = randomBytes(32);
    const content = { id: 'evt_1', timestampSeconds: 1_800_000_000, body };
    const expected = createHmac('sha256', key).update(`evt_1.1800000000.${body}`).digest('base64');
    expect(signWebhook(content, [key])).toBe(`v1,${expected}`);
  }
});

test('while one secret follows another either verifies, and a third does not', () => {
  const [old, next, other] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const request = received({ 'webhook-signature': signWebhook(published, [next, old]) });
  expect(refusalOfWebhook(request, [old], nowMs)).toBeUndefined();
  expect(refusalOfWebhook(request, [next], nowMs)).toBeUndefined();
  expect(refusalOfWebhook(request, [other], nowMs)).toBe('signature_wrong');
});

test('C36: what is altered, too old, too new, missing or there twice is refused by name', () => {
  const refusal = (...request: Parameters<typeof received>) =>
    refusalOfWebhook(received(...request), [secret], nowMs);
  expect(refusal({}, '{"test":2432232314}')).toBe('signature_wrong');
  expect(refusal({ 'webhook-id': 'msg_other' })).toBe('signature_wrong');
  expect(refusal({ 'webhook-timestamp': String(published.timestampSeconds + 1) })).toBe('signature_wrong');
  expect(refusal({ 'webhook-signature': published.signature.replace('v1,', 'v1a,') })).toBe(
    'signature_wrong',
  );
  expect(refusal({ 'webhook-timestamp': 'now' })).toBe('timestamp_malformed');
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    expect(refusal({ [name]: [] })).toBe('header_missing');
    expect(refusal({ [name]: ['1', '1'] })).toBe('header_duplicate');
  }
  const at = (seconds: number) => refusalOfWebhook(received(), [secret], nowMs + seconds * 1_000);
  expect([at(300), at(301), at(-300), at(-301)]).toEqual([
    undefined,
    'timestamp_too_old',
    undefined,
    'timestamp_too_new',
  ]);
});

test('a secret is written and read with its prefix, and anything else is none', () => {
  const bytes = randomBytes(32);
  expect(secretOf(webhookSecretText(bytes))).toEqual(new Uint8Array(bytes));
  expect(secretOf(published.secret.slice('whsec_'.length))).toEqual(secret);
  for (const text of ['', 'whsec_', 'whsec_short', 'whsec_****', `whsec_${'A'.repeat(200)}`]) {
    expect(parseWebhookSecret(text), text).toBeUndefined();
  }
});
