import { expect, test } from 'vitest';
import { changedAddressMail, invitationMail, manyTriesMail, resetMail, verificationMail } from './mails.ts';

const url = 'https://patchbay.example/verify/abc';

test('a name is text in a mail, and never markup', () => {
  const { html, text } = invitationMail({
    name: '<img src=x>',
    accountName: '"><script>alert(1)</script>',
    url,
  });
  expect(html).not.toMatch(/<img|<script/);
  expect(html).toContain('&lt;img src=x&gt;');
  expect(text).toContain('Hello <img src=x>,');
});

test('each link stands in both forms, and says how long it works (PRD-3)', () => {
  const mails = [
    [verificationMail({ name: 'Ada', url }), '24 hours'],
    [resetMail({ name: 'Ada', url }), '30 minutes'],
    [invitationMail({ name: 'Ada', accountName: 'Acme', url }), '7 days'],
  ] as const;
  for (const [mail, lifetime] of mails) {
    for (const form of [mail.text, mail.html]) {
      expect(form).toContain(url);
      expect(form).toContain(lifetime);
    }
  }
  expect(manyTriesMail({ name: 'Ada', url }).text).toContain(url);
  expect(changedAddressMail({ name: 'Ada' }).html).not.toContain('href');
});
