import { createHash, randomBytes } from 'node:crypto';
import { Client } from 'pg';

const tokenBytes = 32;

export interface JoinTokenWish {
  readonly roles: readonly string[];
  readonly region: string;
  readonly lifetimeMs: number;
}

/** A token that lets one node in, once. Only its hash is kept. `databaseUrl` is of the owner: an operator does this. */
export async function createJoinToken(
  databaseUrl: string,
  { roles, region, lifetimeMs }: JoinTokenWish,
): Promise<string> {
  const token = `pbj_${randomBytes(tokenBytes).toString('base64url')}`;
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      'INSERT INTO node_join_token (token_hash, roles, region, expires_at) VALUES ($1, $2, $3, $4)',
      [createHash('sha256').update(token).digest(), roles, region, new Date(Date.now() + lifetimeMs)],
    );
    return token;
  } finally {
    await client.end();
  }
}
