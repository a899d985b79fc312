import { Client, escapeIdentifier, escapeLiteral } from 'pg';

/** With whom the application connects. It owns nothing, bypasses nothing, and is in the application's role alone (C6). */
export interface ApplicationLogin {
  readonly name: string;
  readonly password: string;
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** The same server and database, another user. */
export function urlOfLogin(databaseUrl: string, { name, password }: ApplicationLogin): string {
  const url = new URL(databaseUrl);
  url.username = encodeURIComponent(name);
  url.password = encodeURIComponent(password);
  return url.href;
}

/**
 * Makes the login of the application, or gives it this password, and returns the URL that it connects with. Who connects
 * as the owner of the tables can put off the role of the application with one SET ROLE NONE; this login has nothing
 * below that role.
 * @throws with the statements that a superuser has to run, when `ownerUrl` may not do it.
 */
export async function ensureApplicationLogin(ownerUrl: string, login: ApplicationLogin): Promise<string> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [login.name]);
    const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
    // Only what every role that may make roles is allowed to say: anything more is for superusers.
    await client.query(
      `${verb} ROLE ${escapeIdentifier(login.name)} LOGIN PASSWORD ${escapeLiteral(login.password)}`,
    );
    await client.query(`GRANT patchbay_app TO ${escapeIdentifier(login.name)}`);
  } catch (cause) {
    const isForbidden = cause instanceof Error && 'code' in cause && cause.code === INSUFFICIENT_PRIVILEGE;
    if (!isForbidden) throw cause;
    throw new Error(`A login for the application could not be made: ${cause.message}. ${loginRemedy}`, {
      cause,
    });
  } finally {
    await client.end();
  }
  return urlOfLogin(ownerUrl, login);
}

/** What an operator does who keeps the two users apart. */
export const loginRemedy =
  "As a superuser: CREATE ROLE patchbay_login LOGIN PASSWORD '…' IN ROLE patchbay_app; then set DATABASE_URL to that user, and DATABASE_MIGRATION_URL to the owner of the database";

/**
 * How a user of this database could get round row-level security by a statement of its own, or undefined when it cannot.
 * It asks what the user could become, and not what it is at the moment.
 */
export async function wayRoundTheWall(databaseUrl: string): Promise<string | undefined> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ way: string | null }>(`
      SELECT session_user || CASE
        WHEN EXISTS (SELECT 1 FROM pg_roles r WHERE (r.rolsuper OR r.rolbypassrls) AND pg_has_role(session_user, r.oid, 'MEMBER'))
          THEN ' may bypass row-level security'
        WHEN pg_has_role(session_user, 'patchbay_wall', 'MEMBER') THEN ' is a member of patchbay_wall'
        WHEN EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
            AND pg_has_role(session_user, c.relowner, 'MEMBER'))
          THEN ' owns tables'
      END AS way`);
    return rows[0]?.way ?? undefined;
  } finally {
    await client.end();
  }
}
