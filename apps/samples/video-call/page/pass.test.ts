import { expect, test } from 'vitest';
import { hasRunOut, invitationOf, readPass } from './pass.ts';

const untilMs = Date.parse('2026-11-29T12:30:00.000Z');
const hash =
  '#pass=host.secret&invitation=guest.secret&account=Acme+%26+Sons&until=2026-11-29T12%3A30%3A00.000Z';

test('a pass says who pays and until when', () => {
  expect(readPass(hash)).toEqual({
    token: 'host.secret',
    invitation: 'guest.secret',
    account: 'Acme & Sons',
    expiresAtMs: untilMs,
  });
});

test('an address without a pass has none', () => {
  for (const none of ['', '#', '#start']) expect(readPass(none)).toBeUndefined();
});

test('half a pass is refused, for its calls would be those of another account', () => {
  for (const part of ['&account=Acme+%26+Sons', '&until=2026-11-29T12%3A30%3A00.000Z', 'host.secret'])
    expect(() => readPass(hash.replace(part, ''))).toThrow('A part of this link is missing');
});

test('the link for the other person carries their own token, not that of the window, and invites nobody further', () => {
  const pass = readPass(hash);
  const link = invitationOf(pass ?? fail());
  expect(link).not.toContain('host.secret');
  const invited = readPass(link) ?? fail();
  expect(invited).toEqual({ token: 'guest.secret', account: 'Acme & Sons', expiresAtMs: untilMs });
  expect(invitationOf(invited)).toBe('');
});

test('a pass runs out at its last millisecond', () => {
  const pass = readPass(hash) ?? fail();
  expect(hasRunOut(pass, untilMs - 1)).toBe(false);
  expect(hasRunOut(pass, untilMs)).toBe(true);
});

function fail(): never {
  throw new Error('No pass was read.');
}
