import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import type { Restriction } from './caveats.ts';
import {
  bearerToken,
  CAVEAT_COUNT_MAX,
  type Credential,
  mint,
  NARROWING_COUNT_MAX,
  narrow,
  parseBearerToken,
  parseUsername,
  passwordFor,
  prefixesOf,
  USERNAME_CHARACTERS_MAX,
  verify,
} from './credential.ts';
import { someRestrictions } from './restrictions.testing.ts';

const keyId = 'key_00k0000000000000000000000000a';
const mintKey = new Uint8Array(32).fill(7);
const randomId = new Uint8Array(12).fill(9);
const random = new Uint8Array(8).fill(3);

const bob: readonly Restriction[] = [
  { type: 'notAfter', atMs: 1_800_000_000_000 },
  { type: 'identity', identity: 'bob' },
  { type: 'bytes', max: 50_000_000, counts: 'total' },
];
const minted = () => mint({ keyId, mintKey, caveats: bob, randomId });

test('a minted credential verifies, and says what it was given (ACC-7)', () => {
  const parsed = verify(mintKey, minted());
  expect(parsed).toMatchObject({ type: 'credential', keyId });
  if (parsed.type !== 'credential') throw new Error('unreachable');
  expect(parsed.blocks).toHaveLength(1);
  expect(parsed.blocks[0]?.caveats).toEqual([bob[0], bob[1], { ...bob[2], outcome: 'end' }]);
});

test('any restrictions come back as they were given', () => {
  fc.assert(
    fc.property(someRestrictions, (caveats) => {
      const parsed = verify(mintKey, mint({ keyId, mintKey, caveats, randomId }));
      if (parsed.type !== 'credential') throw new Error(parsed.detail);
      expect(parsed.blocks[0]?.caveats).toEqual(caveats);
    }),
  );
});

test('a holder narrows without the key, and the platform verifies it (ACC-7)', () => {
  const caveats: readonly Restriction[] = [
    { type: 'bytes', max: 1_000, counts: 'session', outcome: 'notify' },
  ];
  const narrowed = narrow({ credential: minted(), caveats, random });
  const parsed = verify(mintKey, narrowed);
  if (parsed.type !== 'credential') throw new Error(parsed.detail);
  expect(parsed.blocks.map((block) => block.caveats.length)).toEqual([3, 1]);
  expect(passwordFor(mintKey, narrowed.username)).toBe(narrowed.password);
});

test('siblings share the prefix at which they were narrowed, and have their own', () => {
  const parent = minted();
  const left = narrow({ credential: parent, caveats: [], random: new Uint8Array(8).fill(1) });
  const right = narrow({ credential: parent, caveats: [], random: new Uint8Array(8).fill(2) });
  const [shared] = prefixesOf(parent.username);
  expect(prefixesOf(left.username)[0]).toBe(shared);
  expect(prefixesOf(right.username)[0]).toBe(shared);
  expect(prefixesOf(left.username)[1]).not.toBe(prefixesOf(right.username)[1]);
  expect(shared).toMatch(/^crd_[0-9a-z]{29}$/);
});

test('one flipped bit anywhere in username or password is refused', () => {
  const narrowed = narrow({ credential: minted(), caveats: bob, random });
  const username = fromBase64Url(narrowed.username) ?? new Uint8Array();
  const password = fromBase64Url(narrowed.password) ?? new Uint8Array();
  for (const [field, bytes] of Object.entries({ username, password })) {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verify(mintKey, { ...narrowed, [field]: toBase64Url(flipped) }).type).toBe('refusal');
    }
  }
});

test('one changed character is refused, bits that no byte uses included', () => {
  const credential = minted();
  const change = (text: string, index: number, to: string) =>
    text.slice(0, index) + to + text.slice(index + 1);
  for (const field of ['username', 'password'] as const) {
    for (let index = 0; index < credential[field].length; index++) {
      for (const to of 'AQgw_-9z') {
        if (credential[field].charAt(index) === to) continue;
        expect(verify(mintKey, { ...credential, [field]: change(credential[field], index, to) }).type).toBe(
          'refusal',
        );
      }
    }
  }
});

test('a widened copy is refused: with a narrowing cut off, a caveat left out, or one added outside the chain', () => {
  const parent = minted();
  const child = narrow({ credential: parent, caveats: [{ type: 'uses', max: 1 }], random });
  const unlimited = mint({ keyId, mintKey: new Uint8Array(32), caveats: [], randomId });
  const copies: readonly Credential[] = [
    { username: parent.username, password: child.password },
    { username: unlimited.username, password: parent.password },
    { username: child.username, password: parent.password },
  ];
  for (const copy of copies) expect(verify(mintKey, copy)).toMatchObject({ code: 'credential.signature' });
});

test('caveats appended without a narrowing are refused, even by who knows the password', () => {
  const parent = minted();
  const outside = mint({ keyId, mintKey, caveats: [...bob, { type: 'uses', max: 1 }], randomId });
  const tail = fromBase64Url(parent.password) ?? new Uint8Array();
  const added = (fromBase64Url(outside.username) ?? new Uint8Array()).subarray(
    (fromBase64Url(parent.username) ?? new Uint8Array()).length,
  );
  const forged = mint({ keyId, mintKey: tail, caveats: [], randomId }).password;
  expect(added.length).toBeGreaterThan(0);
  expect(verify(mintKey, { username: outside.username, password: forged }).type).toBe('refusal');
});

test('another key, however like, is refused', () => {
  const other = mintKey.slice();
  other[31] = 6;
  expect(verify(other, minted())).toMatchObject({ code: 'credential.signature' });
});

test('what does not fit is refused when it is minted, with the code of its reason', () => {
  const longest: Restriction = { type: 'identity', identity: 'x'.repeat(128) };
  const code = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return 'none';
  };
  const minting = (caveats: readonly Restriction[]) =>
    code(() => mint({ keyId, mintKey, caveats, randomId }));
  expect(minting([longest, longest])).toBe('none');
  expect(minting([longest, longest, longest])).toBe('credential.too_long');
  expect(minting([{ type: 'identity', identity: '' }])).toBe('credential.malformed');
  expect(minting([{ type: 'identity', identity: 'a\nb' }])).toBe('credential.malformed');
  expect(minting([{ type: 'bytes', max: 0, counts: 'total' }])).toBe('credential.malformed');
  expect(minting([{ type: 'bytes', max: 1.5, counts: 'total' }])).toBe('credential.malformed');
  expect(minting([{ type: 'peerCidrs', cidrs: ['10.0.0.1/8'] }])).toBe('credential.malformed');
  expect(minting([{ type: 'account', accountId: keyId }])).toBe('credential.malformed');
  expect(code(() => mint({ keyId: 'key_1', mintKey, caveats: [], randomId }))).toBe('credential.malformed');
});

test('the longest username has 508 characters, and the counts are bounded', () => {
  const identity = { type: 'identity', identity: 'x'.repeat(128) } as const;
  const rest = { type: 'identity', identity: 'y'.repeat(88) } as const;
  const { username } = mint({ keyId, mintKey, caveats: [identity, identity, rest], randomId });
  expect(username).toHaveLength(USERNAME_CHARACTERS_MAX);
  expect(parseUsername(`${username}AAAA`)).toMatchObject({ code: 'credential.too_long' });

  let credential = mint({ keyId, mintKey, caveats: [], randomId });
  for (let count = 0; count < NARROWING_COUNT_MAX; count++) {
    credential = narrow({ credential, caveats: [], random });
  }
  expect(verify(mintKey, credential).type).toBe('credential');
  expect(() => narrow({ credential, caveats: [], random })).toThrow(/16 times/);
  const many = Array.from(
    { length: CAVEAT_COUNT_MAX + 1 },
    () => ({ type: 'endEvent', event: 'a' }) as const,
  );
  expect(() => mint({ keyId, mintKey, caveats: many, randomId })).toThrow(/64 caveats/);
});

test('a caveat that this version does not know is refused, not ignored', () => {
  const bytes = fromBase64Url(minted().username) ?? new Uint8Array();
  const username = toBase64Url(Uint8Array.of(...bytes, 200, 1, 0));
  expect(parseUsername(username)).toMatchObject({ code: 'credential.caveat_unknown' });
  expect(parseUsername(toBase64Url(Uint8Array.of(2, ...bytes.subarray(1))))).toMatchObject({
    code: 'credential.malformed',
  });
});

test('the bearer token is username and password, and nothing else', () => {
  const credential = minted();
  expect(parseBearerToken(bearerToken(credential))).toEqual(credential);
  for (const text of ['', '.', 'a', 'a.', '.b', 'a.b.c', 'pb_live_x']) {
    expect(parseBearerToken(text)).toMatchObject({ code: 'credential.malformed' });
  }
});

test('a credential can be minted in under 50 microseconds (SDK-1)', () => {
  const times = Array.from({ length: 41 }, () => {
    const id = randomBytes(12);
    const startNs = process.hrtime.bigint();
    for (let count = 0; count < 100; count++) mint({ keyId, mintKey, caveats: bob, randomId: id });
    return Number(process.hrtime.bigint() - startNs) / 100_000;
  });
  // The fastest round: whatever else runs on the machine makes the others longer.
  expect(Math.min(...times)).toBeLessThan(50);
});
