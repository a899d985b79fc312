import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namespaces, proofOf, reachOf, readIdentifier } from './identifier.ts';

function textOf(given: string): string | undefined {
  const read = readIdentifier(given);
  return 'text' in read ? read.text : undefined;
}

const digits = fc.stringMatching(/^[1-9][0-9]{6,14}$/);
const separator = fc.constantFrom('-', '.', '(', ')', ' ', '');
const userPart = fc.stringMatching(/^[a-zA-Z0-9_.!~*'()&=+$,;?/-]{1,30}$/);
const domain = fc.stringMatching(/^[a-z0-9]{1,10}(-[a-z0-9]{1,5})?\.[a-z]{2,6}$/);
const ownName = fc
  .string({ minLength: 1, maxLength: 40 })
  .filter((name) => /^[^\p{Cc}\p{Bidi_Control}]+$/u.test(name));
const valid = fc.oneof(
  digits.map((number) => `tel:+${number}`),
  fc.tuple(userPart, domain).map(([user, host]) => `sip:${user}@${host}`),
  ownName.map((name) => `user:${name}`),
  ownName.map((name) => `room:${name}`),
);

/** The letters of a text, each in either case. */
const inAnyCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) =>
      [...text].map((letter, index) => (upper[index] ? letter.toUpperCase() : letter)).join(''),
    );

describe('whatever means the same has one form', () => {
  test('the one form is its own form, in its own namespace', () => {
    fc.assert(
      fc.property(valid, (given) => {
        const read = readIdentifier(given);
        if (!('text' in read)) return false;
        return textOf(read.text) === read.text && read.text.startsWith(`${read.namespace}:`);
      }),
      { numRuns: 500 },
    );
  });

  test('separators in a number say nothing (RFC 3966 §5.1.1)', () => {
    const separated = fc.tuple(digits, fc.array(separator, { minLength: 15, maxLength: 15 }));
    fc.assert(
      fc.property(separated, ([number, between]) => {
        const written = [...number].map((digit, index) => `${digit}${between[index] ?? ''}`).join('');
        return textOf(`tel:+${written}`) === `tel:+${number}`;
      }),
    );
  });

  test('the case of scheme and domain says nothing, that of a user does (RFC 3261 §19.1.4)', () => {
    const written = domain.chain((host) => fc.tuple(fc.constant(host), inAnyCase(host), inAnyCase('sip')));
    fc.assert(
      fc.property(userPart, written, (user, [host, asWritten, scheme]) => {
        return textOf(`${scheme}:${user}@${asWritten}`) === `sip:${user}@${host}`;
      }),
    );
    expect(textOf('sip:Bob@example.com')).not.toBe(textOf('sip:bob@example.com'));
  });

  test('an escape of what needs none says nothing, that of a reserved character does (RFC 3261 §19.1.4)', () => {
    const escapable = fc.stringMatching(/^[a-zA-Z0-9_.!~*'()-]{1,12}$/);
    fc.assert(
      fc.property(escapable, domain, (user, host) => {
        const escaped = [...user].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('');
        return textOf(`sip:${escaped}@${host}`) === `sip:${user}@${host}`;
      }),
    );
    expect(textOf('sip:a%3bb@example.com')).toBe('sip:a%3Bb@example.com');
    expect(textOf('sip:a%3bb@example.com')).not.toBe(textOf('sip:a;b@example.com'));
    expect(textOf('sip:%61lice%20b@example.com')).toBe('sip:alice%20b@example.com');
  });

  // The examples of RFC 3261 §19.1.4, as far as they are addresses of record.
  test.each([
    ['sip:%61lice@atlanta.com', 'sip:alice@AtLanTa.CoM', true],
    ['SIP:ALICE@AtLanTa.CoM', 'sip:alice@AtLanTa.CoM', false],
    ['tel:+1-201-555-0123', 'TEL:+1(201)555.0123', true],
    ['sip:bob@example.com.', 'sip:bob@example.com', true],
    ['user:Bob', 'user:bob', false],
  ])('%s and %s are the same: %s', (left, right, isSame) => {
    expect(textOf(left)).toBeDefined();
    expect(textOf(left) === textOf(right)).toBe(isSame);
  });
});

test.each([
  ['mailto:bob@example.com', 'no namespace of ours'],
  ['bob', 'no namespace at all'],
  ['sips:bob@example.com', 'a URI that no other equals (RFC 3261 §19.1.4)'],
  ['tel:030123456', 'a local number means another one elsewhere'],
  ['tel:+0301234567', 'no country begins with 0'],
  ['tel:+4930', 'too short'],
  [`tel:+${'1'.repeat(16)}`, 'more digits than E.164 allows'],
  ['tel:+49301234567;ext=12', 'an extension'],
  ['tel:+٤٩٣٠١٢٣٤٥٦٧', 'digits of another script'],
  ['sip:example.com', 'nobody at a domain'],
  ['sip:bob@example.com:5060', 'a port'],
  ['sip:bob@example.com;transport=tcp', 'a parameter'],
  ['sip:bob:secret@example.com', 'a password'],
  ['sip:bob@192.0.2.1', 'an address of a machine'],
  ['sip:bob@[2001:db8::1]', 'an address of a machine'],
  ['sip:bob@localhost', 'no domain'],
  ['sip:bob@-bad.example', 'no host name'],
  ['sip:bob%2@example.com', 'half an escape'],
  ['sip:böb@example.com', 'a character that a URI escapes'],
  [`sip:${'a'.repeat(129)}@example.com`, 'too long'],
  ['user:', 'no name'],
  [`user:${'a'.repeat(129)}`, 'longer than an identity'],
  ['room:stand\nup', 'two lines'],
  ['user:\u202ebob', 'text that turns the direction of others'],
  ['user:\ud800', 'half a surrogate pair'],
])('%j is refused: %s', (given) => {
  expect(readIdentifier(given)).toEqual({ problem: expect.stringMatching(/\.$/) });
});

test('anything at all is read or refused, and never thrown at', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        valid.map((text) => `${text}\0`),
      ),
      (given) => {
        const read = readIdentifier(given);
        return 'problem' in read || textOf(read.text) === read.text;
      },
    ),
  );
});

test('numbers and addresses are held once on the platform, users and rooms once in an account', () => {
  expect(namespaces.map((namespace) => [namespace, reachOf(namespace)])).toEqual([
    ['sip', 'global'],
    ['tel', 'global'],
    ['user', 'account'],
    ['room', 'account'],
  ]);
});

test('what the world knows by its name is unproved, and what an account names itself needs no proof', () => {
  expect(namespaces.filter((namespace) => proofOf(namespace) === 'unproved').toSorted()).toEqual([
    'sip',
    'tel',
  ]);
});
