import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Restriction } from './caveats.ts';
import { mint, parseUsername } from './credential.ts';
import { type Effective, effectiveOf } from './effective.ts';
import { caveatEnforcement, refusalOfUnenforced, type Verifier, verifiers } from './enforcement.ts';

const one: Readonly<Record<string, Restriction>> = {
  notBefore: { type: 'notBefore', atMs: 1 },
  notAfter: { type: 'notAfter', atMs: 2 },
  account: { type: 'account', accountId: 'acc_00k00000000000000000000000000' },
  application: { type: 'application', applicationId: 'app_00k00000000000000000000000000' },
  instanceType: { type: 'instanceType', instanceType: 'paid' },
  identity: { type: 'identity', identity: 'bob' },
  services: { type: 'services', services: ['signaling'] },
  features: { type: 'features', features: ['relay'] },
  mediaKinds: { type: 'mediaKinds', mediaKinds: ['audio'] },
  uses: { type: 'uses', max: 1 },
  seconds: { type: 'seconds', max: 1, counts: 'total' },
  bytes: { type: 'bytes', max: 1, counts: 'total' },
  bitRate: { type: 'bitRate', bitsPerSecond: 1, burstBytes: 1 },
  regions: { type: 'regions', regions: ['local'] },
  countries: { type: 'countries', countries: ['DE'] },
  deviceKinds: { type: 'deviceKinds', deviceKinds: ['mobile'] },
  sourceCidrs: { type: 'sourceCidrs', cidrs: ['192.0.2.0/24'] },
  peerCidrs: { type: 'peerCidrs', cidrs: ['192.0.2.0/24'] },
  session: { type: 'session', session: 'ses_1' },
  room: { type: 'session', session: 'room:standup' },
  endEvent: { type: 'endEvent', event: 'session.ended' },
  bandwidthClass: { type: 'bandwidthClass', bandwidthClass: 'audio' },
};

function effective(caveats: readonly Restriction[]): Effective {
  const { username } = mint({
    keyId: 'key_00k0000000000000000000000000a',
    mintKey: new Uint8Array(32),
    caveats,
    randomId: new Uint8Array(12),
  });
  const parsed = parseUsername(username);
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  const folded = effectiveOf(parsed);
  if ('type' in folded) throw new Error(folded.detail);
  return folded;
}

const codeOf = (verifier: Verifier, ...names: readonly string[]) =>
  refusalOfUnenforced(effective(names.flatMap((name) => one[name] ?? [])), verifier);

test('each verifier refuses by name what it does not hold, and takes what it does (ACC-7)', () => {
  expect(Object.keys(one)).toEqual(Object.keys(caveatEnforcement));
  for (const [name, row] of Object.entries(caveatEnforcement)) {
    for (const verifier of verifiers) {
      const isTaken = row[verifier] === 'held' || row[verifier] === 'nothing to hold';
      const refusal = codeOf(verifier, name);
      if (isTaken) expect(refusal, `${name} at ${verifier}`).toBeUndefined();
      else {
        expect(refusal?.code, `${name} at ${verifier}`).toBe('credential.caveat_unenforced');
        expect(refusal?.detail).toContain(`caveat ${name} `);
      }
    }
  }
});

test('a relay takes kinds of media for a session alone, where signaling holds them', () => {
  expect(codeOf('relay', 'mediaKinds')?.code).toBe('credential.caveat_unenforced');
  expect(codeOf('relay', 'mediaKinds', 'room')?.code).toBe('credential.caveat_unenforced');
  expect(codeOf('relay', 'mediaKinds', 'session')).toBeUndefined();
});

test('docs/credentials.md says of each caveat who holds it', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/credentials.md'), 'utf8');
  const [, section = ''] = /\n## Who holds a caveat\n([\s\S]*?)\n## /.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$/gm)].map(
    ([, name, relay, signaling, api]) => ({ name, relay, signaling, api }),
  );
  const table = Object.entries(caveatEnforcement).map(([name, { isIn: _, ...row }]) => ({ name, ...row }));
  expect(rows).toEqual(table);
});
