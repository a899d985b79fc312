import { changedAddressMail, verificationMail } from '@patchbay/domain/tenancy/mails';
import { expect, test } from 'vitest';
import { linkOf } from './mail-link.ts';

test('the link of a mail is read out of its text, and a mail without one has none', () => {
  const { text } = verificationMail({ name: 'Ada: http://evil.example', url: 'http://localhost/verify/abc' });
  expect(linkOf(text)).toEqual({ label: 'Confirm the address', path: '/verify/abc' });
  expect(linkOf(changedAddressMail({ name: 'Ada' }).text)).toBeUndefined();
});
