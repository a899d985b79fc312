import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromOf, smtpTransport } from './smtp.ts';

const options = { from: 'Platform <no-reply@platform.example>', neutralFrom: undefined };
let server: Server;
let port = 0;
const received: string[] = [];

/** As much of SMTP as one mail needs (RFC 5321 §4). */
beforeAll(async () => {
  server = createServer((socket) => {
    let data = '';
    let isData = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    say('220 ready');
    socket.on('data', (chunk) => {
      data += String(chunk);
      if (isData) {
        if (!data.endsWith('\r\n.\r\n')) return;
        received.push(data);
        isData = false;
        say('250 taken');
      } else if (/^EHLO/m.test(data)) say('250 fine');
      else if (/^DATA/m.test(data)) {
        isData = true;
        say('354 go on');
      } else say('250 fine');
      data = '';
    });
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { readonly port: number }).port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test('a mail is from the brand; without an address of its own from one that names nobody, else from the platform’s', () => {
  expect(fromOf(undefined, options)).toBe(options.from);
  const own = { name: 'Northwind', address: 'voice@northwind.example' };
  expect(fromOf(own, options)).toEqual(own);
  expect(fromOf({ name: 'Northwind' }, options)).toEqual({
    name: 'Northwind',
    address: 'no-reply@platform.example',
  });
  expect(fromOf({ name: 'Northwind' }, { ...options, neutralFrom: 'no-reply@post.example' })).toEqual({
    name: 'Northwind',
    address: 'no-reply@post.example',
  });
});

test('whatever stands in the name of a sender, it is no header of its own', async () => {
  const transport = smtpTransport(`smtp://127.0.0.1:${port}?ignoreTLS=true`, options);
  await transport({
    to: 'ada@test.example',
    subject: 'Hello',
    text: 'text',
    html: '<p>text</p>',
    sender: { name: 'Nord"\r\nBcc: all@test.example', address: 'voice@northwind.example' },
  });
  const [head = ''] = (received.at(-1) ?? '').split('\r\n\r\n');
  // RFC 5322 §2.2.3: a header goes on in lines that begin with a space.
  const lines = head.replace(/\r\n[ \t]/g, ' ').split('\r\n');
  expect(lines).toContainEqual(expect.stringMatching(/^From: .*<voice@northwind\.example>$/));
  expect(lines.filter((line) => /^bcc:/i.test(line))).toEqual([]);
});
