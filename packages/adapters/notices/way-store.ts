import { isDeepStrictEqual as isSame } from 'node:util';
import { type WaySecret, type WayShown, wayShapes } from '@patchbay/domain/notices/notice-target';
import type { CredentialWay } from '@patchbay/domain/notices/notice-way';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { inAccountScope } from '../metering/account-scope.ts';
import type { MintBranchCipher } from '../prisma/mint-branch-cipher.ts';
import { generateVapidKeys } from '../push/vapid.ts';

type Settings = Readonly<Record<string, string>>;

interface WayRow {
  readonly way: CredentialWay;
  readonly settings: unknown;
  readonly secret: Uint8Array;
  readonly changed_at: Date;
}

interface ShownWay {
  readonly way: CredentialWay;
  readonly settings: Settings;
  readonly publicKey?: string | undefined;
  readonly changedAt: Date;
}

interface OneWay {
  readonly accountId: string;
  readonly way: CredentialWay;
}

const vapid = z.object({ publicKey: z.string(), privateKey: z.string() });
const stored = z.record(z.string(), z.string());
/** The public key stands among what is shown, under a name that no setting has. */
const PUBLIC_KEY = '_publicKey';

const nameOf = ({ accountId, way }: OneWay) => `notice way ${accountId} ${way}`;

const openedSecret = (cipher: MintBranchCipher, one: OneWay, { secret }: WayRow): unknown =>
  JSON.parse(Buffer.from(cipher.open(nameOf(one), secret)).toString());

function fromRow({ way, settings, changed_at }: WayRow): ShownWay {
  const { [PUBLIC_KEY]: publicKey, ...shown } = stored.parse(settings);
  return { way, settings: shown, changedAt: changed_at, publicKey };
}

/** By whom notices of accounts go out: what opens something is sealed, and read by nobody but whoever sends. */
export function wayStore(pool: Pool, cipher: MintBranchCipher) {
  const rowOf = async (client: PoolClient, { accountId, way }: OneWay): Promise<WayRow | undefined> =>
    (
      await client.query<WayRow>('SELECT * FROM notice_way WHERE account_id = $1 AND way = $2', [
        accountId,
        way,
      ])
    ).rows[0];
  const opened = async (one: OneWay) =>
    await inAccountScope(pool, one.accountId, async (client) => {
      const row = await rowOf(client, one);
      if (row === undefined) return undefined;
      return { ...fromRow(row), secret: openedSecret(cipher, one, row) };
    });
  return {
    list: async (accountId: string): Promise<readonly ShownWay[]> =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<WayRow>('SELECT * FROM notice_way WHERE account_id = $1', [
          accountId,
        ]);
        return rows.map(fromRow);
      }),

    set: async ({
      settings,
      secret,
      ...one
    }: OneWay & { readonly settings: Settings; readonly secret: Readonly<Record<string, string>> }) =>
      await inAccountScope(pool, one.accountId, async (client) => {
        await client.query(
          "SELECT pg_advisory_xact_lock(hashtextextended('patchbay.notices.way ' || $1 || ' ' || $2, 0))",
          [one.accountId, one.way],
        );
        const row = await rowOf(client, one);
        const before = row && fromRow(row);
        const known = row && openedSecret(cipher, one, row);
        // Every browser that subscribed did so with the public key: keys that are there stay.
        const kept =
          one.way === 'web-push'
            ? { ...(known === undefined ? generateVapidKeys() : vapid.parse(known)) }
            : secret;
        const publicKey = one.way === 'web-push' ? vapid.parse(kept).publicKey : undefined;
        // What is as it was is no change.
        if (before !== undefined && isSame(before.settings, settings) && isSame(known, kept))
          return { before, after: before };
        const sealed = cipher.seal(nameOf(one), Buffer.from(JSON.stringify(kept)));
        const { rows } = await client.query<WayRow>(
          `INSERT INTO notice_way (account_id, way, settings, secret) VALUES ($1, $2, $3, $4)
           ON CONFLICT (account_id, way) DO UPDATE SET settings = $3, secret = $4, changed_at = clock_timestamp() RETURNING *`,
          [
            ...[one.accountId, one.way],
            JSON.stringify({ ...settings, ...(publicKey === undefined ? {} : { [PUBLIC_KEY]: publicKey }) }),
            sealed,
          ],
        );
        const after = rows.map(fromRow)[0];
        if (after === undefined) throw new Error('What was just set is not there.');
        return { before, after };
      }),

    remove: async ({ accountId, way }: OneWay): Promise<ShownWay | undefined> =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<WayRow>(
          'DELETE FROM notice_way WHERE account_id = $1 AND way = $2 RETURNING *',
          [accountId, way],
        );
        return rows.map(fromRow)[0];
      }),

    /** For whoever sends. Undefined: nothing is set for it. */
    vapidOf: async (accountId: string) => {
      const found = await opened({ accountId, way: 'web-push' });
      return (
        found && {
          keys: vapid.parse(found.secret),
          contact: wayShapes['web-push'].shown.parse(found.settings).contact,
        }
      );
    },
    credentialsOf: async <Way extends Exclude<CredentialWay, 'web-push'>>(
      accountId: string,
      way: Way,
    ): Promise<(WayShown<Way> & WaySecret<Way>) | undefined> => {
      const found = await opened({ accountId, way });
      if (found === undefined) return undefined;
      const { shown, secret } = wayShapes[way];
      return { ...shown.parse(found.settings), ...secret.parse(found.secret) } as WayShown<Way> &
        WaySecret<Way>;
    },
  };
}

export type WayStore = ReturnType<typeof wayStore>;
