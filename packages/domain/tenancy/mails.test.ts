import { expect, test } from 'vitest';
import { namelessBrand, platformBrand, shownBrandOf } from '../branding/brand.ts';
import * as letters from './mails.ts';
import {
  changedAddressMail,
  invitationMail,
  manyTriesMail,
  resetMail,
  verificationMail,
  written,
} from './mails.ts';

const path = '/verify/abc';
const url = 'https://patchbay.example/verify/abc';
const head = { brand: platformBrand, baseUrl: 'https://patchbay.example' };

test('a name is text in a mail, and never markup', () => {
  const letter = invitationMail({
    name: '<img src=x>',
    accountName: '"><script>alert(1)</script>',
    path,
  });
  const brand = {
    ...namelessBrand,
    name: '"><script>alert(2)</script>',
    supportUrl: 'https://x.example/"><script>',
  };
  const { html, text } = written(letter, { ...head, brand });
  expect(html).not.toMatch(/<img|<script/);
  expect(html).toContain('&lt;img src=x&gt;');
  expect(text).toContain('Hello <img src=x>,');
});

test('each link stands in both forms, and says how long it works (PRD-3)', () => {
  const mails = [
    [verificationMail({ name: 'Ada', path }), '24 hours'],
    [resetMail({ name: 'Ada', path }), '30 minutes'],
    [invitationMail({ name: 'Ada', accountName: 'Acme', path }), '7 days'],
  ] as const;
  for (const [letter, lifetime] of mails) {
    const mail = written(letter, head);
    for (const form of [mail.text, mail.html]) {
      expect(form).toContain(url);
      expect(form).toContain(lifetime);
    }
  }
  expect(written(manyTriesMail({ name: 'Ada', path }), head).text).toContain(url);
  expect(written(changedAddressMail({ name: 'Ada' }), head).html).not.toContain('href');
});

test('a mail is in the brand of its reader: name, logo, colours and links are that one’s, and nothing is the platform’s', () => {
  const brand = shownBrandOf({
    accountId: 'acc_1',
    name: 'Northwind & Sons',
    accent: '#ffd400',
    supportEmail: 'help@nw.example',
    termsUrl: 'https://nw.example/terms',
    isSignUpOpen: false,
    logos: { light: { digest: 'abc', mediaType: 'image/png', widthPixels: 200, heightPixels: 50 } },
  });
  const { html, text } = written(resetMail({ name: 'Ada', path }), {
    brand,
    baseUrl: 'https://voice.nw.example',
  });
  for (const form of [html, text]) {
    expect(form).toContain('https://voice.nw.example/verify/abc');
    expect(form).toContain('https://nw.example/terms');
    expect(form).toContain('mailto:help@nw.example');
    expect(form).not.toMatch(/patchbay/i);
  }
  expect(html).toContain(
    'src="https://voice.nw.example/brand/logo/abc" alt="Northwind &amp; Sons" width="112"',
  );
  expect(html).toContain(`background:${brand.tones?.light.accent}`);
});

/** Whatever a letter is about. One that tells of something else finds it missing here. */
const told = {
  name: 'Ada',
  accountName: 'Acme',
  organisationName: 'Acme',
  passkeyName: 'Phone',
  provedName: 'acme.example',
  record: '_challenge.acme.example',
  triggerName: 'Cap',
  value: '1 GB',
  limit: '1 GB',
  issuer: 'Acme Login',
  endsAt: new Date(1_800_000_000_000),
  isOver: false,
  sharePercent: 80,
  per: 'month',
  action: 'stop',
  spent: '80.00 EUR',
  amount: '100.00 EUR',
  left: '0.00 EUR',
  sellerName: 'Northwind',
  number: 'NW-I00001',
  dueOn: '2026-11-16',
  offsetDays: 3,
  follows: 'suspend',
  target: 'receiver.example',
  trouble: { kind: 'failing', status: 503 },
  path,
};
const templates = Object.entries(letters).filter(([name]) => name.endsWith('Mail'));

test.each(templates)('%s names nothing above the brand of its reader (PRD-2)', (_name, template) => {
  const letter = (template as (about: typeof told) => letters.Letter)(told);
  const brand = shownBrandOf({ accountId: 'acc_1', name: 'Northwind', isSignUpOpen: false, logos: {} });
  const { subject, html, text } = written(letter, { brand, baseUrl: 'https://voice.nw.example' });
  const whole = [subject, html, text].join('\n');
  expect(whole).not.toMatch(/patchbay|undefined|#006973/i);
  for (const [address] of whole.matchAll(/https?:\/\/[^\s"<]+/g))
    expect(address).toMatch(/^https:\/\/voice\.nw\.example(\/|$)/);
  expect(text).toContain('– Northwind');
});
