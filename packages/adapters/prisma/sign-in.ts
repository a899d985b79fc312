import { createHash } from 'node:crypto';
import { manyTriesMail } from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import {
  judgeTries,
  TRIES_OF_PAIR_MAX,
  TRIES_OF_USER_MAX,
  TRIES_WITHIN_MS,
  type Tries,
} from '@patchbay/domain/tenancy/sign-in-tries';
import { networkOf } from '@patchbay/kit/cidr';
import { createId } from '@patchbay/kit/ids';
import type { PrismaClient } from './generated/client.ts';
import type { Passkeys, RelyingParty } from './passkeys.ts';
import { hashPassword, isOutdated, isPassword } from './password.ts';
import type { SecondFactors } from './second-factor.ts';
import { noteSignIn } from './sign-in-log.ts';
import { ssoBinding } from './sso-binding.ts';
import { atomically } from './unit-of-work.ts';

/** The one text for a wrong address, a wrong password and too many tries (C13). */
export const SIGN_IN_REFUSAL =
  'This address and password do not belong together, or there were too many tries: wait 15 minutes.';
export const SIGN_IN_SESSION_LIFETIME_MS = 14 * 24 * 3_600_000;
/** Whoever is tried from everywhere hears of it so often. */
const TOLD_EVERY_MS = 24 * 3_600_000;

export interface SignInRequest {
  readonly email: string;
  readonly password: string;
  /** Of the second factor, where there is one. */
  readonly code?: string | undefined;
  /** The network address that asks. */
  readonly address: string;
  readonly userAgent?: string | undefined;
}

export interface PasskeySignIn extends Pick<SignInRequest, 'address' | 'userAgent'> {
  /** What the browser answered, as it came. */
  readonly response: unknown;
  /** Where it was asked. */
  readonly at: RelyingParty;
}

export interface SignedIn {
  readonly signInSessionId: string;
  readonly userId: string;
  readonly name: string;
  readonly email: string;
}

export interface SignIns {
  /**
   * Undefined is a refusal, with SIGN_IN_REFUSAL as the only thing to say. A new session each time (C12).
   * `second_factor`: the password is right, and a code is asked for. `organisation`: it is right, and their organisation
   * signs them in in no other way than by its provider.
   */
  signIn(request: SignInRequest): Promise<SignedIn | 'second_factor' | 'organisation' | undefined>;
  /** The same, by an answer of a passkey to a challenge. It asks for no code: a passkey is a device, and knows its owner. */
  signInByPasskey(request: PasskeySignIn): Promise<SignedIn | 'organisation' | undefined>;
  /** Who holds a session that is neither ended nor expired. */
  check(signInSessionId: string): Promise<Omit<SignedIn, 'signInSessionId'> | undefined>;
  signOut(signInSessionId: string): Promise<void>;
  /** Ends every session of the user who holds this one. Answers how many. `requestId`: that asked for it, here and below. */
  signOutEverywhere(signInSessionId: string, requestId?: string): Promise<number>;
  /** Ends every session of the user who holds this one, but this one. Answers how many. */
  signOutOthers(signInSessionId: string, requestId?: string): Promise<number>;
  /** Gives the user who holds this session another name. False: it does not hold. */
  rename(person: {
    readonly signInSessionId: string;
    readonly userId: string;
    readonly newName: string;
    readonly address: string;
    readonly requestId?: string;
  }): Promise<boolean>;
  /** Opens a session for somebody who proved who they are in another way, such as with a set-up link. */
  open(user: Opening): Promise<string>;
  /** Where the user who holds this session is signed in, the one seen last first. */
  list(signInSessionId: string): Promise<readonly OpenSignIn[]>;
  /** Ends another session of the user who holds this one. False: it is not theirs, or was over. */
  end(signInSessionId: string, otherId: string, requestId?: string): Promise<boolean>;
}

export interface OpenSignIn {
  readonly id: string;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
}

interface Opening {
  readonly userId: string;
  readonly name: string;
  readonly address: string;
  readonly userAgent?: string | undefined;
  /** Absent: a password. */
  readonly by?: 'passkey';
}

export interface SignInOptions {
  readonly factors: Pick<SecondFactors, 'isOn' | 'take'>;
  /** Absent: nobody signs in by one. */
  readonly passkeys?: Pick<Passkeys, 'take'> | undefined;
  readonly mails: Mails;
  /** Of what is noted beside a refusal, for which nobody waits. */
  readonly onFailure: (error: unknown) => void;
}

export function signIns(
  prisma: PrismaClient,
  { factors, passkeys, mails, onFailure }: SignInOptions,
): SignIns {
  const bursts = new Bursts();

  const check: SignIns['check'] = async (signInSessionId) => {
    const [row] = await prisma.$queryRaw<{ user_id: string; name: string; email: string }[]>`
      SELECT user_id, name, email FROM sign_in_check(${signInSessionId})`;
    return row && { userId: row.user_id, name: row.name, email: row.email };
  };

  async function open({ userId, name, address, userAgent, by }: Opening): Promise<string> {
    const id = createId('sin');
    const until = new Date(Date.now() + SIGN_IN_SESSION_LIFETIME_MS);
    await atomically(prisma, async () => {
      await prisma.$executeRaw`SELECT sign_in_open(${id}, ${userId}, ${until}, ${address}, ${userAgent ?? null})`;
      const after = {
        ...(userAgent === undefined ? {} : { userAgent }),
        ...(by === undefined ? {} : { by }),
      };
      const isTold = Object.keys(after).length > 0;
      await noteSignIn(prisma, {
        action: 'sign-in.open',
        userId,
        name,
        address,
        ...(isTold ? { after } : {}),
      });
    });
    return id;
  }

  async function revoke(signInSessionId: string, { isEverywhere, requestId }: Revoking): Promise<number> {
    return await atomically(prisma, async () => {
      const user = await check(signInSessionId);
      const [row] = await prisma.$queryRaw<{ ended: number }[]>`
        SELECT sign_in_revoke(${signInSessionId}, ${isEverywhere}) AS ended`;
      const endedCount = row?.ended ?? 0;
      if (user !== undefined && endedCount > 0)
        await noteSignIn(prisma, { action: 'sign-in.close', ...user, requestId, after: { endedCount } });
      return endedCount;
    });
  }

  /** Nobody waits for it: how long a refusal takes must not tell whether there is such a user (C13). */
  function noteBurst(email: string, { pair }: AttemptKeys, address: string): void {
    if (!bursts.isFirst(pair, Date.now())) return;
    const after = { triesMax: TRIES_OF_PAIR_MAX, withinMinutes: TRIES_WITHIN_MS / 60_000 };
    atomically(prisma, async () => {
      const [user] = await prisma.$queryRaw<{ id: string }[]>`SELECT id FROM user_for_sign_in(${email})`;
      if (user !== undefined && (await isFirstOfBurst(prisma, user.id)))
        await noteSignIn(prisma, { action: 'sign-in.refuse', userId: user.id, address, after });
    }).catch((error: unknown) => notNoted(pair, error));
  }

  /** The next try notes it: on a machine with too much to do its time may be up. */
  function notNoted(key: string, error: unknown): void {
    bursts.forget(key);
    onFailure(error);
  }

  /** Whoever is tried from many networks is told by mail. Nobody waits for that either. */
  function tellOfMany(email: string, { user: key }: AttemptKeys, address: string): void {
    if (!bursts.isFirst(key, Date.now())) return;
    const after = {
      triesMax: TRIES_OF_USER_MAX,
      withinMinutes: TRIES_WITHIN_MS / 60_000,
      from: 'many addresses',
    };
    atomically(prisma, async () => {
      const [user] = await prisma.$queryRaw<{ id: string; email: string; name: string }[]>`
        SELECT id, email, name FROM user_for_sign_in(${email})`;
      if (user === undefined || !(await isFirstWithin(prisma, `told\n${user.id}`, TOLD_EVERY_MS))) return;
      await noteSignIn(prisma, { action: 'sign-in.refuse', userId: user.id, address, after });
      const letter = manyTriesMail({ name: user.name, path: '/forgot' });
      await mails.send({ to: user.email, reader: { userId: user.id }, ...letter });
    }).catch((error: unknown) => notNoted(key, error));
  }

  return {
    open,

    signIn: async ({ email, password, code, address, userAgent }) => {
      const keys = attemptKeys(email, address);
      const { tries, attemptIds } = await noteAttempt(prisma, keys);
      if (tries.ofPair > TRIES_OF_PAIR_MAX) noteBurst(email, keys, address);
      if (tries.ofUser > TRIES_OF_USER_MAX) tellOfMany(email, keys, address);
      const verdict = judgeTries(tries);
      // It was too many before anybody looked who it is: so that tells nothing, and costs no hash.
      if (verdict === 'refused') return undefined;
      if (verdict === 'known_networks' && !(await isKnown(prisma, email, address))) return undefined;
      const [user] = await prisma.$queryRaw<
        { id: string; email: string; name: string; password_hash: string | null }[]
      >`SELECT id, email, name, password_hash FROM user_for_sign_in(${email})`;
      // The password is compared in every case: one timing.
      const isRight = await isPassword(password, user?.password_hash);
      if (!isRight || user === undefined) return undefined;
      await rehash(prisma, { userId: user.id, password, hash: user.password_hash });
      if ((await ssoBinding(prisma, user.id)) !== undefined) return 'organisation';
      if (await factors.isOn(user.id)) {
        if (code === undefined || code === '') {
          await prisma.signInAttempt.deleteMany({ where: { id: { in: [...attemptIds] } } });
          return 'second_factor';
        }
        // Of one user from wherever: many addresses are no way round.
        const isAdmitted = await isTryAdmitted(prisma, { of: 'code', userId: user.id });
        if (!isAdmitted || !(await factors.take(user.id, code))) return undefined;
      }
      await prisma.signInAttempt.deleteMany({
        where: { OR: [{ key: keys.pair }, { id: { in: [...attemptIds] } }] },
      });
      const signInSessionId = await open({ userId: user.id, name: user.name, address, userAgent });
      return { signInSessionId, userId: user.id, name: user.name, email: user.email };
    },

    signInByPasskey: async ({ response, at, address, userAgent }) => {
      // Of an address alone: who it is, a passkey says only when it is right.
      const { tries, attemptIds } = await noteAttempt(prisma, attemptKeys('a passkey', address));
      // Many who try passkeys are many users.
      if (judgeTries({ ...tries, ofUser: 0 }) === 'refused') return undefined;
      const user = await passkeys?.take(response, at);
      if (user === undefined) return undefined;
      if ((await ssoBinding(prisma, user.userId)) !== undefined) return 'organisation';
      await prisma.signInAttempt.deleteMany({ where: { id: { in: [...attemptIds] } } });
      return { ...user, signInSessionId: await open({ ...user, address, userAgent, by: 'passkey' }) };
    },

    check,

    list: async (signInSessionId) => {
      const rows = await prisma.$queryRaw<OpenRow[]>`
        SELECT id, address, user_agent, created_at, last_seen_at FROM sign_in_list(${signInSessionId})`;
      return rows.map((row) => ({
        id: row.id,
        address: row.address ?? undefined,
        userAgent: row.user_agent ?? undefined,
        createdAt: row.created_at,
        lastSeenAt: row.last_seen_at,
      }));
    },

    end: async (signInSessionId, otherId, requestId) => {
      const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`
        SELECT sign_in_is_own(${signInSessionId}, ${otherId}) AS ok`;
      return row?.ok === true && (await revoke(otherId, { isEverywhere: false, requestId })) > 0;
    },

    signOut: async (signInSessionId) => {
      await revoke(signInSessionId, { isEverywhere: false });
    },

    signOutEverywhere: (signInSessionId, requestId) =>
      revoke(signInSessionId, { isEverywhere: true, requestId }),

    signOutOthers: (signInSessionId, requestId) =>
      atomically(prisma, async () => {
        const user = await check(signInSessionId);
        const [row] = await prisma.$queryRaw<{ ended: number }[]>`
          SELECT sign_in_revoke_others(${signInSessionId}) AS ended`;
        const endedCount = row?.ended ?? 0;
        if (user !== undefined && endedCount > 0)
          await noteSignIn(prisma, {
            action: 'sign-in.close',
            ...user,
            requestId,
            after: { endedCount, but: 'this one' },
          });
        return endedCount;
      }),

    rename: ({ signInSessionId, userId, newName, address, requestId }) =>
      atomically(prisma, async () => {
        const [row] = await prisma.$queryRaw<{ name: string | null }[]>`
          SELECT user_rename(${signInSessionId}, ${newName}) AS name`;
        const was = row?.name ?? undefined;
        if (was !== undefined && was !== newName) {
          const [before, after] = [{ name: was }, { name: newName }];
          const told = { action: 'profile.rename', before, after } as const;
          await noteSignIn(prisma, { ...told, userId, name: newName, address, requestId });
        }
        return was !== undefined;
      }),
  };
}

interface Revoking {
  readonly isEverywhere: boolean;
  readonly requestId?: string | undefined;
}

interface OpenRow {
  readonly id: string;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly created_at: Date;
  readonly last_seen_at: Date;
}

/** With a million codes, three of which are right at a time, ten in 15 minutes find one in months. */
const PERSONAL_TRIES_MAX = 10;

/** Of one person, from wherever. Noted before it is judged, as passwords are. */
export async function isTryAdmitted(
  prisma: PrismaClient,
  { of, userId }: { readonly of: 'code' | 'proof'; readonly userId: string },
): Promise<boolean> {
  const key = hashOf(`${of}\n${userId}`);
  await prisma.signInAttempt.createMany({ data: { key } });
  const [row] = await prisma.$queryRaw<{ tries: bigint }[]>`
    SELECT count(*) AS tries FROM sign_in_attempt WHERE key = ${key} AND at > now() - interval '15 minutes'`;
  return row !== undefined && row.tries <= BigInt(PERSONAL_TRIES_MAX);
}

interface Shown {
  readonly userId: string;
  readonly password: string;
  readonly hash: string | null;
}

/** A password is known only while it is shown: then it gets the hash of today. */
async function rehash(prisma: PrismaClient, { userId, password, hash }: Shown): Promise<void> {
  if (hash === null || !isOutdated(hash)) return;
  await prisma.$executeRaw`SELECT password_rehash(${userId}, ${hash}, ${await hashPassword(password)})`;
}

const BURST_COUNT_MAX = 10_000;

/** Which bursts this process looked at already: a stranger who goes on trying costs nothing more. */
class Bursts {
  readonly #endsMs = new Map<string, number>();

  isFirst(key: string, nowMs: number): boolean {
    if ((this.#endsMs.get(key) ?? 0) > nowMs) return false;
    this.#endsMs.delete(key);
    this.#endsMs.set(key, nowMs + TRIES_WITHIN_MS);
    const [oldest] = this.#endsMs.keys();
    if (this.#endsMs.size > BURST_COUNT_MAX && oldest !== undefined) this.#endsMs.delete(oldest);
    return true;
  }

  forget(key: string): void {
    this.#endsMs.delete(key);
  }
}

/**
 * Whether tries at a user were not noted yet in these 15 minutes, from whichever address: strangers with many addresses
 * write no more into a log than one. Of many at once, one is the first.
 */
const isFirstOfBurst = (prisma: PrismaClient, userId: string): Promise<boolean> =>
  isFirstWithin(prisma, `noted\n${userId}`, TRIES_WITHIN_MS);

async function isFirstWithin(prisma: PrismaClient, what: string, withinMs: number): Promise<boolean> {
  const key = hashOf(what);
  await prisma.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`sign-in ${key}`}, 0))::text`;
  const [row] = await prisma.$queryRaw<{ noted: bigint }[]>`
    SELECT count(*) AS noted FROM sign_in_attempt WHERE key = ${key} AND at > now() - interval '15 minutes'`;
  if (row === undefined || row.noted > 0n) return false;
  // What is older than 15 minutes is forgotten: to be kept longer it stands later.
  const at = new Date(Date.now() + withinMs - TRIES_WITHIN_MS);
  await prisma.signInAttempt.create({ data: { key, at } });
  return true;
}

/** Whether somebody signed in from the network of an address before, or set their password there just now. */
async function isKnown(prisma: PrismaClient, email: string, address: string): Promise<boolean> {
  const key = knownKey(email, address);
  const [row] = await prisma.$queryRaw<{ known: boolean }[]>`
    SELECT sign_in_knows(${email}, ${networkOf(address)}) OR EXISTS (SELECT 1 FROM sign_in_attempt
      WHERE key = ${key} AND at > now() - interval '15 minutes') AS known`;
  return row?.known === true;
}

const knownKey = (email: string, address: string) =>
  hashOf(`known\n${email.toLowerCase()}\n${networkOf(address)}`);

/** Whoever set a password by a mailed link signs in with it from there, however many others try theirs. */
export async function noteKnown(prisma: PrismaClient, email: string, address: string): Promise<void> {
  await prisma.signInAttempt.create({ data: { key: knownKey(email, address) } });
}

interface AttemptKeys {
  readonly pair: string;
  readonly network: string;
  readonly user: string;
}

/** So that the table of failures is no list of customers. */
const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url');

/** Of a user by the address that is tried, be it anybody's or not: the two are counted alike. */
const attemptKeys = (email: string, address: string): AttemptKeys => ({
  pair: hashOf(`pair\n${email.toLowerCase()}\n${networkOf(address)}`),
  network: hashOf(`address\n${networkOf(address)}`),
  user: hashOf(`user\n${email.toLowerCase()}`),
});

interface NotedAttempt {
  readonly tries: Tries;
  readonly attemptIds: readonly bigint[];
}

/** The attempt is written before it is judged: many at once do not slip through together. */
async function noteAttempt(
  prisma: PrismaClient,
  { pair, network, user }: AttemptKeys,
): Promise<NotedAttempt> {
  const noted = await prisma.signInAttempt.createManyAndReturn({
    data: [{ key: pair }, { key: network }, { key: user }],
    select: { id: true },
  });
  const [counted] = await prisma.$queryRaw<{ pair: bigint; network: bigint; user: bigint }[]>`
    SELECT count(*) FILTER (WHERE key = ${pair}) AS pair, count(*) FILTER (WHERE key = ${network}) AS network,
      count(*) FILTER (WHERE key = ${user}) AS user
    FROM sign_in_attempt WHERE key IN (${pair}, ${network}, ${user}) AND at > now() - interval '15 minutes'`;
  if (counted === undefined) throw new Error('The database counted no tries.');
  const tries = {
    ofPair: Number(counted.pair),
    fromNetwork: Number(counted.network),
    ofUser: Number(counted.user),
  };
  return { tries, attemptIds: noted.map(({ id }) => id) };
}
