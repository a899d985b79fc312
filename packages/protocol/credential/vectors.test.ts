/**
 * Known answers, published as docs/credential-vectors.json so that others can write a minter. The file is printed from
 * the fixed inputs below (`vitest run packages/protocol/credential/vectors.test.ts -u`), and checked here by a second
 * minter that is written from docs/credentials.md alone, on node:crypto.
 */
import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Caveat, encodeCaveat, joinBytes, type Restriction } from './caveats.ts';
import {
  bearerToken,
  type Credential,
  mint,
  narrow,
  parseUsername,
  prefixesOf,
  RANDOM_ID_BYTES,
  verify,
} from './credential.ts';
import { LIFETIME_SECONDS_MAX } from './lifetime.ts';
import { apiBranch, createSecret, hashApiBranch, mintBranch } from './secret.ts';
import { turnRestPassword, turnRestSecret } from './turn-rest.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const count = (length: number, from: number) => Uint8Array.from({ length }, (_, index) => from + index);

const keyId = 'key_060r40a0t40m30e20a0611h1m07g0';
const accountId = 'acc_060r40a0t40m30e20a0611h1m0803';
const applicationId = 'app_060r40a0t40m30e20a0611h1m0804';
const secretRandom = count(32, 0);
const mintKey = mintBranch({ bytes: secretRandom });

const oneOfEach: readonly Caveat[] = [
  { type: 'notBefore', atMs: 1_800_000_000_000 },
  { type: 'notAfter', atMs: 1_800_000_600_000 },
  { type: 'account', accountId },
  { type: 'application', applicationId },
  { type: 'instanceType', instanceType: 'paid' },
  { type: 'identity', identity: 'bøb' },
  { type: 'services', services: ['network-discovery', 'signaling'] },
  { type: 'features', features: ['relay'] },
  { type: 'mediaKinds', mediaKinds: ['audio', 'data'] },
  { type: 'uses', max: 1, outcome: 'end' },
  { type: 'seconds', max: 600, counts: 'session', outcome: 'downgrade' },
  { type: 'bytes', max: 50_000_000, counts: 'total', outcome: 'notify' },
  { type: 'bitRate', bitsPerSecond: 2_000_000, burstBytes: 64_000 },
  { type: 'regions', regions: ['eu-1', 'us-1'] },
  { type: 'sourceCidrs', cidrs: ['192.0.2.0/24'] },
  { type: 'peerCidrs', cidrs: ['203.0.113.0/24', '2001:db8:0:0:0:0:0:0/32'] },
  { type: 'session', session: 'room:standup' },
  { type: 'endEvent', event: 'session.ended' },
  { type: 'bandwidthClass', bandwidthClass: 'low-video' },
  { type: 'narrowing', random: count(8, 0xa0) },
  { type: 'countries', countries: ['DE', 'FR'] },
  { type: 'deviceKinds', deviceKinds: ['mobile', 'tablet'] },
];
const restrictions = oneOfEach.filter((caveat): caveat is Restriction => caveat.type !== 'narrowing');

const credentials = [
  { name: 'no caveats', levels: [[]] },
  {
    name: 'ten minutes and 50 MB for bob',
    levels: [
      [
        { type: 'notAfter', atMs: 1_800_000_600_000 },
        { type: 'identity', identity: 'bob' },
        { type: 'services', services: ['network-discovery'] },
        { type: 'bytes', max: 50_000_000, counts: 'total', outcome: 'end' },
      ],
    ],
  },
  { name: 'every kind of caveat', levels: [restrictions] },
  {
    name: 'narrowed twice by its holders',
    levels: [
      [{ type: 'notAfter', atMs: 1_800_000_600_000 }],
      [{ type: 'account', accountId }],
      [
        { type: 'identity', identity: 'alice' },
        { type: 'uses', max: 1, outcome: 'end' },
      ],
    ],
  },
] as const satisfies readonly { name: string; levels: readonly (readonly Restriction[])[] }[];

const randomId = count(RANDOM_ID_BYTES, 0x40);
const narrowingRandom = (level: number) => count(8, 0x60 + level * 8);

function build(levels: readonly (readonly Restriction[])[]): readonly Credential[] {
  const [caveats = [], ...narrowings] = levels;
  const built = [mint({ keyId, mintKey, caveats, randomId })];
  for (const [index, own] of narrowings.entries()) {
    const credential = built.at(-1) ?? { username: '', password: '' };
    built.push(narrow({ credential, caveats: own, random: narrowingRandom(index + 1) }));
  }
  return built;
}

function credentialVector({ name, levels }: { name: string; levels: readonly (readonly Restriction[])[] }) {
  const built = build(levels);
  const last = built.at(-1) ?? { username: '', password: '' };
  return {
    name,
    levels: built.map(({ username, password }, level) => ({
      ...(level === 0 ? { randomIdHex: hex(randomId) } : { narrowingRandomHex: hex(narrowingRandom(level)) }),
      caveats: levels[level],
      username,
      password,
      prefixId: prefixesOf(username).at(-1),
    })),
    bearerToken: bearerToken(last),
  };
}

const [bare, limited, , narrowed] = credentials.map(({ levels }) => build(levels).at(-1)) as [
  Credential,
  Credential,
  Credential,
  Credential,
];
const parent = build(credentials[3].levels)[0] ?? limited;
const refused = [
  { name: 'a narrowing cut off', username: parent.username, password: narrowed.password },
  { name: 'the password of another', username: limited.username, password: parent.password },
  { name: 'a caveat of an unknown type', username: appended(limited.username, [200, 1, 0]), password: '' },
  { name: 'a caveat that is cut off', username: appended(limited.username, [6, 9, 0x62]), password: '' },
  { name: 'an unknown version', username: `Ag${limited.username.slice(2)}`, password: '' },
  { name: 'bits that no byte uses', username: `${bare.username.slice(0, -1)}x`, password: bare.password },
].map((credential) => {
  const result = verify(mintKey, credential);
  return { ...credential, code: result.type === 'refusal' ? result.code : 'accepted' };
});

function appended(username: string, bytes: readonly number[]): string {
  return Buffer.concat([Buffer.from(username, 'base64url'), Uint8Array.from(bytes)]).toString('base64url');
}

const secret = createSecret({ keyId, mode: 'live', random: secretRandom });
const restUsernames = [`1800000000:${keyId}`, `1800000000:${keyId}.bob`, '1800000000:bob'];

const vectors = {
  about:
    'Known answers for docs/credentials.md. The secret is public: never use it. They are about the encoding: a verifier ' +
    'refuses one without notAfter, or whose notAfter is further ahead than lifetimeSecondsMax.',
  lifetimeSecondsMax: LIFETIME_SECONDS_MAX,
  secret: {
    keyId,
    keyIdHex: hex(parsedBytes(limited.username).subarray(1, 19)),
    randomHex: hex(secretRandom),
    text: secret,
    apiBranchHex: hex(apiBranch({ bytes: secretRandom })),
    apiBranchStored: hashApiBranch(apiBranch({ bytes: secretRandom })),
    mintBranchHex: hex(mintKey),
  },
  caveats: oneOfEach.map((caveat) => ({
    caveat: caveat.type === 'narrowing' ? { type: caveat.type, randomHex: hex(caveat.random) } : caveat,
    hex: hex(encodeCaveat(caveat)),
  })),
  credentials: credentials.map(credentialVector),
  refused,
  turnRest: {
    staticAuthSecret: turnRestSecret(mintKey),
    credentials: restUsernames.map((username) => ({
      username,
      password: turnRestPassword(mintKey, username),
    })),
  },
};

function parsedBytes(username: string): Uint8Array {
  const parsed = parseUsername(username);
  return parsed.type === 'credential' ? parsed.bytes : new Uint8Array();
}

test('the published vectors are what this code computes (ACC-7)', async () => {
  const printed = `${JSON.stringify(vectors, undefined, 2)}\n`;
  await expect(printed).toMatchFileSnapshot('../../../docs/credential-vectors.json');
});

test('every vector that is to be refused is refused, each for its own reason', () => {
  expect(refused.map(({ code }) => code)).toEqual([
    'credential.signature',
    'credential.signature',
    'credential.caveat_unknown',
    'credential.malformed',
    'credential.malformed',
    'credential.malformed',
  ]);
});

test('a minter written from the page alone, on node:crypto, computes the same', () => {
  const branch = hkdfSync(
    'sha256',
    secretRandom,
    new Uint8Array(),
    Buffer.from('patchbay mint branch v1'),
    32,
  );
  const keyBytes = crockford(keyId.slice(4));
  for (const { levels } of vectors.credentials) {
    let username = Buffer.alloc(0);
    let tail: Uint8Array = new Uint8Array(branch);
    for (const level of levels) {
      const own = (level.caveats ?? []).map((caveat) => Buffer.from(encodeCaveat(caveat)));
      const head =
        'randomIdHex' in level
          ? [Buffer.of(1), keyBytes, Buffer.from(level.randomIdHex, 'hex')]
          : [Buffer.of(19, 8), Buffer.from(level.narrowingRandomHex, 'hex')];
      const block = Buffer.concat([...head, ...own]);
      username = Buffer.concat([username, block]);
      tail = createHmac('sha256', tail).update(block).digest();
      expect(level.username).toBe(username.toString('base64url'));
      expect(level.password).toBe(Buffer.from(tail).toString('base64url'));
      expect(
        crockford(level.prefixId?.slice(4) ?? '').equals(
          createHash('sha256').update(username).digest().subarray(0, 18),
        ),
      ).toBe(true);
    }
  }
});

test('the bytes of each caveat are those that the page shows', () => {
  const shown = [
    '010601a3185c5000',
    '020601a3186577c0',
    `0312${crockford(accountId.slice(4)).toString('hex')}`,
    `0412${crockford(applicationId.slice(4)).toString('hex')}`,
    `0504${Buffer.from('paid').toString('hex')}`,
    '060462c3b862',
    `071b${Buffer.from('network-discovery,signaling').toString('hex')}`,
    `0805${Buffer.from('relay').toString('hex')}`,
    '090109',
    '0a0701000000000001',
    '0b0706000000000258',
    '0c0703000002faf080',
    '0d0c0000001e848000000000fa00',
    `0e09${Buffer.from('eu-1,us-1').toString('hex')}`,
    '0f060418c0000200',
    '10180418cb007100062020010db8000000000000000000000000',
    `110c${Buffer.from('room:standup').toString('hex')}`,
    `120d${Buffer.from('session.ended').toString('hex')}`,
    '160102',
    '1308a0a1a2a3a4a5a6a7',
    '140444454652',
    '150106',
  ];
  expect(vectors.caveats.map((vector) => vector.hex)).toEqual(shown);
  expect(hex(joinBytes(oneOfEach.map(encodeCaveat)))).toBe(shown.join(''));
});

/** 29 characters of base 32, as docs/credentials.md describes them. */
function crockford(text: string): Buffer {
  const value = [...text].reduce(
    (sum, c) => sum * 32n + BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(c)),
    0n,
  );
  return Buffer.from(value.toString(16).padStart(36, '0'), 'hex');
}
