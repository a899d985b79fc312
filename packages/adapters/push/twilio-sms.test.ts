import { createServer } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { AddressRule } from '../outgoing/address-rule.ts';
import { twilioSms } from './twilio-sms.ts';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const accountSid = `AC${'0'.repeat(32)}`;

/** The resource Messages, as its reference describes it: what it takes, and how it refuses. */
async function provider() {
  const taken: Record<string, string>[] = [];
  const answer: { isUnnamed?: boolean; error?: { status: number; code?: number; retryAfter?: string } } = {};
  let requestCount = 0;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    request.on('end', () => {
      requestCount += 1;
      const reply = (status: number, body: unknown, headers: Record<string, string> = {}) =>
        response
          .writeHead(status, { 'content-type': 'application/json', ...headers })
          .end(JSON.stringify(body));
      const form = Object.fromEntries(new URLSearchParams(text));
      const expected = `Basic ${Buffer.from(`${accountSid}:secret`).toString('base64')}`;
      const { status = 0, code, retryAfter } = answer.error ?? {};
      if (request.headers.authorization !== expected) reply(401, { code: 20_003, status: 401 });
      else if (
        request.method !== 'POST' ||
        request.url !== `/2010-04-01/Accounts/${accountSid}/Messages.json`
      )
        reply(404, { code: 20_404, status: 404 });
      else if (form['To'] === undefined) reply(400, { code: 21_604, status: 400 });
      else if (form['From'] === undefined && form['MessagingServiceSid'] === undefined)
        reply(400, { code: 21_603, status: 400 });
      else if (form['Body'] === undefined) reply(400, { code: 14_103, status: 400 });
      else if (status !== 0)
        reply(status, { code, status }, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
      else {
        taken.push(form);
        reply(201, answer.isUnnamed === true ? {} : { sid: `SM${taken.length}`, status: 'queued' });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({ close: () => server.closeAllConnections() ?? server.close() });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const credentials = { baseUrl: `http://127.0.0.1:${port}`, accountSid, authToken: 'secret' };
  return { credentials, taken, answer, requestCount: () => requestCount };
}

const smsOver = (allowLoopback: boolean, isInsecureAllowed: boolean) =>
  twilioSms({
    request: { rule: new AddressRule({ allowLoopback }), totalMsMax: 2_000 },
    isInsecureAllowed: () => isInsecureAllowed,
  });
const send = smsOver(true, true);
const message = { to: '+4915112345678', sender: { number: '+4930123456' }, text: 'Grüße & mehr' };

describe('an SMS by a provider that speaks as Twilio does (NTF)', () => {
  test('is taken, from a number or a service, and has a name there', async () => {
    const { credentials, taken } = await provider();
    expect(await send(message, credentials)).toEqual({ kind: 'accepted', messageId: 'SM1' });
    const byService = { ...message, sender: { messagingServiceSid: 'MG1' } };
    expect(await send(byService, credentials)).toEqual({ kind: 'accepted', messageId: 'SM2' });
    expect(taken).toEqual([
      { To: '+4915112345678', From: '+4930123456', Body: 'Grüße & mehr' },
      { To: '+4915112345678', MessagingServiceSid: 'MG1', Body: 'Grüße & mehr' },
    ]);
  });

  test('is refused with the code of the provider, and to someone who said STOP it is over', async () => {
    const { credentials, answer } = await provider();
    expect(await send(message, { ...credentials, authToken: 'wrong' })).toEqual({
      kind: 'refused',
      reason: 'code_20003',
    });
    expect(await send(message, { ...credentials, accountSid: 'AC1' })).toEqual({
      kind: 'refused',
      reason: 'code_20003',
    });
    answer.error = { status: 400, code: 21_211 };
    expect(await send(message, credentials)).toEqual({ kind: 'refused', reason: 'code_21211' });
    answer.error = { status: 400, code: 21_610 };
    expect(await send(message, credentials)).toEqual({ kind: 'gone' });
    answer.error = { status: 404 };
    expect(await send(message, credentials)).toEqual({ kind: 'refused', reason: 'status_404' });
  });

  test('that was taken is never sent again, though nobody says its name', async () => {
    const { credentials, answer, taken } = await provider();
    answer.isUnnamed = true;
    expect(await send(message, credentials)).toEqual({ kind: 'refused', reason: 'answer_unreadable' });
    expect(taken).toHaveLength(1);
  });

  test('is tried later where there are too many', async () => {
    const { credentials, answer } = await provider();
    answer.error = { status: 429, code: 20_429, retryAfter: '2' };
    expect(await send(message, credentials)).toEqual({
      kind: 'later',
      reason: 'status_429',
      retryAfterMs: 2_000,
    });
  });

  test('goes nowhere that is not public, nor without TLS, nor to what is no number or with no text', async () => {
    const { credentials, requestCount } = await provider();
    expect(await smsOver(false, true)(message, credentials)).toEqual({
      kind: 'refused',
      reason: 'address_forbidden',
    });
    const invalid = { kind: 'refused', reason: 'credentials_invalid' };
    expect(await smsOver(true, false)(message, credentials)).toEqual(invalid);
    expect(await send(message, { ...credentials, accountSid: '../AC' })).toEqual(invalid);
    expect(await send({ ...message, to: '0151' }, credentials)).toEqual({
      kind: 'refused',
      reason: 'number_invalid',
    });
    for (const text of ['', 'a'.repeat(1_601)])
      expect(await send({ ...message, text }, credentials)).toEqual({
        kind: 'refused',
        reason: 'text_invalid',
      });
    expect(requestCount()).toBe(0);
  });
});
