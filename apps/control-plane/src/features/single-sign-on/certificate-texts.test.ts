import { expect, test } from 'vitest';
import { joinCertificates, splitCertificates } from './certificate-texts.ts';

test('what is shown is what is sent, each certificate by itself', () => {
  const [one, other] = ['A'.repeat(130), 'B'.repeat(64)];
  const text = joinCertificates([{ certificate: one }, { certificate: other }]);
  expect(text.split('\n').every((line) => line.length <= 64)).toBe(true);
  const [first = '', second = '', third] = splitCertificates(`subject=idp\n${text}\n`);
  expect([first, second].map((pem) => pem.replace(/-----[^-]+-----|\s/g, ''))).toEqual([one, other]);
  expect(third).toBeUndefined();
  expect(splitCertificates('  MIIC\nAAAA ')).toEqual(['MIIC\nAAAA']);
  expect(splitCertificates(' \n')).toEqual([]);
});
