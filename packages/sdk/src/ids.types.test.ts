/** What must compile with ids, and what must not. */
import { expect, test } from 'vitest';
import type { Id, IdLike } from './ids.ts';
import type { Operations } from './operations.generated.ts';

test('an id of another kind does not compile, and a text that was kept does', () => {
  const kept = 'acc_01k5t6s6yqk5b' as string;
  const calls = async (pb: Operations) => {
    const account = await pb.accounts.create({ name: 'Acme' });
    const key = await pb.keys.create(account.id, { name: 'server' });
    await pb.keys.revoke(account.id, { keyId: key.id });
    await pb.accounts.get(kept);
    const known: Id<'acc'> = account.id;
    const text: string = account.id;
    const session = await pb.sessions.get(known, { sessionId: text });
    // @ts-expect-error A key is no account.
    await pb.accounts.get(key.id);
    // @ts-expect-error An account is no session.
    await pb.sessions.get(known, { sessionId: account.id });
    // @ts-expect-error What the platform gave is known to be an account's; a text is not.
    const unknown: Id<'acc'> = text;
    const given: IdLike<'ses'> = session.id;
    return [unknown, given];
  };
  expect(calls).toBeTypeOf('function');
});
