import { acceptInvitation } from '@patchbay/adapters/prisma/set-up-links';
import { connectAs } from '@patchbay/adapters/prisma/tenant-attack';
import type { Actor } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import { mint, prefixesOf } from '@patchbay/protocol/credential/credential';
import { turnRestPrefixId } from '@patchbay/protocol/credential/turn-rest';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTenancyHarness, type Owner, refusal, type TenancyHarness } from './tenancy.testing.ts';

/** As the context of a test has it. */
const NOW_MS = 1_800_000_000_000;
let harness: TenancyHarness;
let database: TenancyHarness['database'];
let owner: Owner;
let call: Owner['call'];

beforeAll(async () => {
  harness = await createTenancyHarness();
  database = harness.database;
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  owner = await harness.signUp('Acme');
  call = owner.call;
});

describe('keys', () => {
  test('keys.create 200: the secret is in this answer and nowhere else (C8)', async () => {
    const { answer, audited, events } = await call('keys', 'create', {
      request: { name: 'Server', scopes: ['keys:*'] },
    });
    expect(answer).toMatchObject({ name: 'Server', mode: 'live', scopes: ['keys:*'] });
    expect(answer.secret.startsWith(answer.display)).toBe(true);
    expect(await database.keys.authenticate(answer.secret)).toMatchObject({ keyId: answer.id });
    const told = JSON.stringify([audited, events, (await call('keys', 'list')).answer]);
    expect(told).not.toContain(answer.secret);
    expect(events).toEqual([{ event: 'key.created', payload: { keyId: answer.id } }]);
  });

  describe('C9: a key and the one that replaces it overlap', () => {
    test('keys.rotate 200: both secrets work until the stated time, and both keys are seen (ACC-4)', async () => {
      const { answer: old } = await call('keys', 'create', {
        request: { name: 'Server', scopes: ['keys:*'] },
      });
      const endsAt = new Date(NOW_MS + 3_600_000).toISOString();
      const { answer, audited, events } = await call('keys', 'rotate', {
        request: { keyId: old.id, endsAt },
      });
      expect(answer).toMatchObject({
        name: 'Server',
        scopes: ['keys:*'],
        replaced: { id: old.id, expiresAt: endsAt, replacedBy: answer.id },
      });
      expect(await database.keys.authenticate(old.secret)).toMatchObject({ keyId: old.id });
      expect(await database.keys.authenticate(answer.secret)).toMatchObject({ keyId: answer.id });
      expect((await call('keys', 'list')).answer.items.map(({ id }) => id).sort()).toEqual(
        [old.id, answer.id].sort(),
      );
      expect(events).toEqual([{ event: 'key.rotated', payload: { keyId: old.id, replacedBy: answer.id } }]);
      expect(JSON.stringify([audited, events])).not.toContain(answer.secret);

      const owner = await connectAs(database.url);
      await owner.query(`UPDATE api_key SET expires_at = now() WHERE id = $1`, [old.id]);
      await owner.end();
      expect(await database.keys.authenticate(old.secret)).toBeUndefined();
      expect(await database.keys.authenticate(answer.secret)).toBeDefined();
    });

    test('keys.rotate 409: a key that was rotated, or is revoked, is not rotated again; of two at once one is', async () => {
      const { answer: old } = await call('keys', 'create');
      const rotate = () => call('keys', 'rotate', { request: { keyId: old.id } });
      const outcomes = await Promise.allSettled([rotate(), rotate()]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      await expect(rotate()).rejects.toMatchObject(refusal(409, 'tenancy.key_over'));
      const { answer: revoked } = await call('keys', 'create');
      await call('keys', 'revoke', { request: { keyId: revoked.id } });
      await expect(call('keys', 'rotate', { request: { keyId: revoked.id } })).rejects.toMatchObject(
        refusal(409, 'tenancy.key_over'),
      );
    });

    test('keys.rotate 422: an old key ends within 30 days, and not in the past', async () => {
      const { answer: old } = await call('keys', 'create');
      for (const days of [-1, 31]) {
        const endsAt = new Date(NOW_MS + days * 86_400_000).toISOString();
        await expect(call('keys', 'rotate', { request: { keyId: old.id, endsAt } })).rejects.toMatchObject(
          refusal(422, 'tenancy.overlap_too_long'),
        );
      }
    });

    test('keys.rotate 403: nobody gets the secret of a key that may do more than they', async () => {
      const { answer: wide } = await call('keys', 'create');
      const narrow = (await owner.createKey(['keys:*'])).actor;
      await expect(call('keys', 'rotate', { as: narrow, request: { keyId: wide.id } })).rejects.toMatchObject(
        refusal(403, 'tenancy.scope_too_wide'),
      );
    });
  });

  test('keys.create 403: no key is wider than its maker, be it a key or somebody with a role', async () => {
    const narrow = (await owner.createKey(['keys:*'])).actor;
    await expect(call('keys', 'create', { as: narrow })).rejects.toMatchObject(
      refusal(403, 'tenancy.scope_too_wide'),
    );
    const { answer } = await call('team', 'add', {
      request: { email: 'dev@acme.example', name: 'Dev', role: 'developer' },
    });
    const developer: Actor = { kind: 'user', userId: answer.userId };
    const token = answer.setUpPath?.replace('/set-up/', '') ?? '';
    await acceptInvitation(database.prisma, { token, userId: answer.userId });
    await database.proveAddress(answer);
    await expect(call('keys', 'create', { as: developer, request: { scopes: ['*'] } })).rejects.toMatchObject(
      refusal(403, 'tenancy.scope_too_wide'),
    );
    const request = { scopes: ['network-discovery:*'] };
    await expect(call('keys', 'create', { as: developer, request })).resolves.toBeDefined();
  });

  test('keys.create 400: a scope that covers nothing, and a key that is over before it is made', async () => {
    for (const request of [
      { name: 'K', scopes: ['sesions:raed'] },
      { name: 'K', expiresAt: '2020-01-01T00:00:00Z' },
    ])
      await expect(call('keys', 'create', { request })).rejects.toMatchObject(
        refusal(400, 'request.invalid'),
      );
  });

  test('keys.create 403: a suspended account gets no key', async () => {
    await database.suspend(owner.accountId);
    await expect(call('keys', 'create')).rejects.toMatchObject(refusal(403, 'account.suspended'));
  });

  test('keys.list 200: the keys of this account, the revoked ones too', async () => {
    const first = await owner.createKey(['*']);
    const second = await owner.createKey(['*']);
    await call('keys', 'revoke', { request: { keyId: first.key.id } });
    const { items } = (await call('keys', 'list')).answer;
    expect(items).toMatchObject([{ id: first.key.id, revokedAt: expect.any(String) }, { id: second.key.id }]);
    expect(Object.keys(items[1] ?? {}).sort()).toEqual([
      'accountId',
      'createdAt',
      'display',
      'id',
      'mode',
      'name',
      'scopes',
    ]);
  });

  test('keys.get 200: one that is read by its id, and no secret of it; 404: one of another account does not exist', async () => {
    const { key: made, secret } = await owner.createKey(['usage:read']);
    const { answer } = await call('keys', 'get', { request: { keyId: made.id } });
    expect((await call('keys', 'list')).answer.items).toEqual([answer]);
    expect(JSON.stringify(answer)).not.toContain(secret);
    const other = await database.signUp('Other');
    const { key: theirs } = await owner.createKey(['*'], { accountId: other.accountId });
    for (const operation of ['get', 'update'] as const)
      await expect(
        call('keys', operation, { request: { keyId: theirs.id, name: 'Mine' } }),
      ).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('keys.update 200: it is called otherwise, and its secret and scopes stay; told once, and not where it is called so already', async () => {
    const { key: made, secret } = await owner.createKey(['usage:read']);
    const rename = () => call('keys', 'update', { request: { keyId: made.id, name: ' Reports ' } });
    const { answer, audited, events } = await rename();
    expect(answer).toMatchObject({ id: made.id, name: 'Reports', scopes: ['usage:read'] });
    expect(audited).toMatchObject([{ target: made.id, before: { name: 'k' }, after: { name: 'Reports' } }]);
    expect(events).toEqual([{ event: 'key.changed', payload: { keyId: made.id } }]);
    expect(await database.keys.authenticate(secret)).toMatchObject({ keyId: made.id, name: 'Reports' });
    expect((await rename()).events).toEqual([]);
    await expect(
      call('keys', 'update', { request: { keyId: made.id, name: 'x', scopes: ['*'] } }),
    ).rejects.toThrow('scopes');
  });

  test('keys.revoke 200: at once, told once, and again without effect', async () => {
    const { key: made, secret } = await owner.createKey(['*']);
    const request = { keyId: made.id };
    const first = await call('keys', 'revoke', { request });
    expect(first.events).toEqual([{ event: 'key.revoked', payload: { keyId: made.id } }]);
    expect(await database.keys.authenticate(secret)).toBeUndefined();
    const again = await call('keys', 'revoke', { request });
    expect(again.answer).toEqual(first.answer);
    expect(again.events).toEqual([]);
  });

  describe('a key that may do less than another', () => {
    const stronger = refusal(403, 'tenancy.key_stronger');

    test('keys.revoke 403: does not revoke it, whatever it may do with keys (ACC-4)', async () => {
      const { actor: as } = await owner.createKey(['keys:*', 'accounts:read']);
      for (const scopes of [['*'], ['team:*'], ['accounts:read', 'accounts:create']]) {
        const { key: other, secret } = await owner.createKey(scopes);
        const revoking = call('keys', 'revoke', { as, request: { keyId: other.id } });
        await expect(revoking).rejects.toMatchObject(stronger);
        expect(await database.keys.authenticate(secret)).toBeDefined();
      }
    });

    test('keys.update 403: nor renames it', async () => {
      const { actor: as } = await owner.createKey(['keys:*']);
      const { key: other } = await owner.createKey(['*']);
      const renaming = call('keys', 'update', { as, request: { keyId: other.id, name: 'Mine' } });
      await expect(renaming).rejects.toMatchObject(stronger);
    });

    test('renames and revokes what may do no more than it, itself too, and a person ends any', async () => {
      const { actor: as, key: own } = await owner.createKey(['keys:*', 'accounts:read']);
      const { key: weaker } = await owner.createKey(['accounts:read']);
      await call('keys', 'update', { as, request: { keyId: weaker.id, name: 'Reader' } });
      const revoke = async (keyId: string, by = {}) =>
        (await call('keys', 'revoke', { ...by, request: { keyId } })).answer.revokedAt;
      expect(await revoke(weaker.id, { as })).toBeDefined();
      expect(await revoke(own.id, { as })).toBeDefined();
      const { key: all } = await owner.createKey(['*']);
      expect(await revoke(all.id)).toBeDefined();
    });
  });

  test('keys.revoke 404: a key of another account does not exist', async () => {
    const other = await database.signUp('Other');
    const { key: theirs, secret } = await owner.createKey(['*'], { accountId: other.accountId });
    await expect(call('keys', 'revoke', { request: { keyId: theirs.id } })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
    expect(await database.keys.authenticate(secret)).toBeDefined();
  });
});

describe('credentials', () => {
  const minted = (keyId: string) =>
    mint({
      keyId,
      mintKey: new Uint8Array(32),
      caveats: [],
      randomId: crypto.getRandomValues(new Uint8Array(12)),
    }).username;

  test('credentials.revoke 200: the credential’s last level, told to the nodes', async () => {
    const { key: own } = await owner.createKey(['*']);
    const username = minted(own.id);
    const { answer, audited, events } = await call('credentials', 'revoke', { request: { username } });
    expect(answer).toEqual({ prefixId: prefixesOf(username).at(-1) });
    expect(events).toEqual([{ event: 'credential.revoked', payload: answer }]);
    const after = { keyId: own.id, state: 'revoked' };
    expect(audited).toEqual([{ target: answer.prefixId, before: { keyId: own.id, state: 'valid' }, after }]);
    const again = await call('credentials', 'revoke', { request: { username } });
    expect(again.audited).toEqual([{ target: answer.prefixId, before: after, after }]);
  });

  test('credentials.revoke 200: a key that may revoke credentials revokes what a stronger key minted, and stops no key by it (ACC-4)', async () => {
    const { key: stronger, secret } = await owner.createKey(['*']);
    const { actor: as } = await owner.createKey(['credentials:*']);
    const { answer, events } = await call('credentials', 'revoke', {
      ...{ as, request: { username: minted(stronger.id) } },
    });
    expect(events).toEqual([{ event: 'credential.revoked', payload: answer }]);
    expect(await database.keys.authenticate(secret)).toBeDefined();
    await expect(call('keys', 'revoke', { as, request: { keyId: stronger.id } })).rejects.toMatchObject(
      refusal(403, 'tenancy.key_stronger'),
    );
  });

  test('credentials.revoke 200: a TURN REST username ends like any other credential', async () => {
    const { key: own } = await owner.createKey(['*']);
    const expiry = Math.floor(Date.now() / 1_000) + 3_600;
    for (const username of [`${expiry}:${own.id}`, `${expiry}:${own.id}.bob`]) {
      const { answer, events } = await call('credentials', 'revoke', { request: { username } });
      expect(answer).toEqual({ prefixId: turnRestPrefixId(username) });
      expect(events).toEqual([{ event: 'credential.revoked', payload: answer }]);
    }
  });

  test('credentials.revoke 422: what no key of this account minted is not its to revoke', async () => {
    const other = await database.signUp('Other');
    const { key: theirs } = await owner.createKey(['*'], { accountId: other.accountId });
    for (const username of [
      minted(theirs.id),
      minted(createId('key')),
      'no-username',
      '1800000000:bob',
      `1800000000:${theirs.id}`,
    ]) {
      await expect(call('credentials', 'revoke', { request: { username } })).rejects.toMatchObject(
        refusal(422, 'tenancy.credential_refused'),
      );
    }
  });
});
