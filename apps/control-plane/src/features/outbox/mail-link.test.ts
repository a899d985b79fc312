import { platformBrand, shownBrandOf } from '@patchbay/domain/branding/brand';
import { changedAddressMail, type Letter, verificationMail, written } from '@patchbay/domain/tenancy/mails';
import { expect, test } from 'vitest';
import { linkOf } from './mail-link.ts';

const termsUrl = 'https://nw.example/terms';
const brands = [
  platformBrand,
  shownBrandOf({ accountId: 'acc_1', name: 'Nw', termsUrl, isSignUpOpen: false, logos: {} }),
];
const textsOf = (letter: Letter) =>
  brands.map((brand) => written(letter, { brand, baseUrl: 'http://localhost' }).text);

test('the link of a mail is read out of its text, and a mail without one has none', () => {
  for (const text of textsOf(verificationMail({ name: 'Ada: http://evil.example', path: '/verify/abc' })))
    expect(linkOf(text)).toEqual({ label: 'Confirm the address', path: '/verify/abc' });
  for (const text of textsOf(changedAddressMail({ name: 'Ada' }))) expect(linkOf(text)).toBeUndefined();
});
