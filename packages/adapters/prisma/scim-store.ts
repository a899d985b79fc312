import { createHash, randomBytes } from 'node:crypto';
import { ScimError } from '@patchbay/domain/scim/scim-error';
import type { ScimFilter } from '@patchbay/domain/scim/scim-request';
import type {
  ScimGroup,
  ScimGroupFields,
  ScimUser,
  ScimUserFields,
} from '@patchbay/domain/scim/scim-resource';
import { domainOf } from '@patchbay/domain/sso/address-domain';
import type { SsoPorts } from '@patchbay/domain/sso/ports';
import { shownName } from '@patchbay/domain/sso/provisioning';
import { createId } from '@patchbay/kit/ids';
import { accountChain } from './account-store.ts';
import { isUniqueViolation } from './database-error.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';
import { BY_SCIM, changeRole, noteAtTop, providedRoleAt } from './sso-roles.ts';
import { readProvider } from './sso-store.ts';
import { teamStore } from './team-store.ts';
import { atomically } from './unit-of-work.ts';

interface ScimChange {
  readonly action: string;
  readonly target: string;
  readonly before: object | undefined;
  readonly after: object | undefined;
}

/** Of a change by SCIM: what there was before, and what there is since, each where there is one (ACC-8). */
const noteChange = (prisma: PrismaClient, accountId: string, { action, target, before, after }: ScimChange) =>
  noteAtTop(prisma, accountId, {
    action,
    ...BY_SCIM,
    target,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });

const SCIM_USER_COUNT_MAX = 10_000;
const SCIM_GROUP_COUNT_MAX = 500;
/** Each is some statements, and all of them are one transaction. */
const ROLE_CHANGE_COUNT_MAX = 100;
const TOKEN_BYTES = 32;
const TOKEN_PREFIX = 'pb_scim_';

interface Page {
  readonly filter: ScimFilter | undefined;
  readonly startIndex: number;
  readonly count: number;
}

export interface Found<Resource> {
  readonly totalCount: number;
  readonly items: readonly Resource[];
}

/** What is asked of one resource. With a version, only what is at it is changed (RFC 7644 §3.14). */
interface Asked {
  readonly id: string;
  readonly version?: number | undefined;
}

/** In the scope of the top account of an organisation: what its token opens, and nothing beside it. */
interface Collection<Resource, Fields> {
  list(accountId: string, page: Page): Promise<Found<Resource>>;
  /** Throws what SCIM says where there is none. */
  find(accountId: string, id: string): Promise<Resource>;
  create(accountId: string, fields: Fields): Promise<Resource>;
  /** `fields` are asked for within the transaction that writes them: what is patched is what is there. */
  change(accountId: string, asked: Asked, fields: (before: Resource) => Fields): Promise<Resource>;
  remove(accountId: string, asked: Asked): Promise<void>;
}

export interface ScimStore {
  /** The top account of the organisation whose token it is. */
  accountOf(token: string): Promise<string | undefined>;
  readonly users: Collection<ScimUser, ScimUserFields>;
  readonly groups: Collection<ScimGroup, ScimGroupFields>;
}

const hashOf = (token: string) => Uint8Array.from(createHash('sha256').update(token).digest());

/** Tokens of organisations, of which only the hash is kept. */
export function scimTokenStore(prisma: PrismaClient): SsoPorts['scimTokens'] {
  return {
    find: ({ accountId }) =>
      inAccount(prisma, accountId, async ({ scimToken }) => {
        const row = await scimToken.findFirst({
          where: { accountId },
          select: { createdAt: true, lastUsedAt: true },
        });
        return row === null ? undefined : { ...row, lastUsedAt: row.lastUsedAt ?? undefined };
      }),

    make: ({ accountId }) =>
      inAccount(prisma, accountId, async ({ scimToken }) => {
        const token = `${TOKEN_PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`;
        const kept = { tokenHash: hashOf(token), createdAt: new Date(), lastUsedAt: null };
        const { count } = await scimToken.updateMany({ where: { accountId }, data: kept });
        if (count === 0) await scimToken.createMany({ data: { accountId, ...kept } });
        return token;
      }),

    remove: ({ accountId }) =>
      inAccount(prisma, accountId, async ({ scimToken }) => {
        const { count } = await scimToken.deleteMany({ where: { accountId } });
        return count > 0;
      }),
  };
}

interface UserRow {
  readonly user_id: string;
  readonly email: string;
  readonly name: string;
  readonly external_id: string | null;
  readonly is_active: boolean;
  readonly version: number;
  readonly created_at: Date;
  readonly changed_at: Date;
  readonly groups: readonly { readonly id: string; readonly displayName: string }[];
}

const userFromRow = (row: UserRow): ScimUser => ({
  id: row.user_id,
  userName: row.email,
  displayName: row.name,
  externalId: row.external_id ?? undefined,
  isActive: row.is_active,
  version: row.version,
  createdAt: row.created_at,
  changedAt: row.changed_at,
  groups: row.groups,
});

interface GroupRow {
  readonly id: string;
  readonly display_name: string;
  readonly external_id: string | null;
  readonly version: number;
  readonly created_at: Date;
  readonly changed_at: Date;
  readonly members: readonly { readonly id: string; readonly userName: string }[];
}

const groupFromRow = (row: GroupRow): ScimGroup => ({
  id: row.id,
  displayName: row.display_name,
  externalId: row.external_id ?? undefined,
  version: row.version,
  createdAt: row.created_at,
  changedAt: row.changed_at,
  members: row.members,
});

const EVERYTHING: Page = { filter: undefined, startIndex: 1, count: 1 };

function refuseVersion(kept: { readonly version: number }, asked: number | undefined): void {
  if (asked !== undefined && asked !== kept.version)
    throw new ScimError(412, `It was changed since: it is at version ${kept.version}.`);
}

/** All of an organisation's changes, one after the other: two that cross would leave roles that nobody asked for. */
const oneAtATime = <Value>(
  prisma: PrismaClient,
  accountId: string,
  work: () => Promise<Value>,
): Promise<Value> =>
  atomically(prisma, async () => {
    await inAccount(
      prisma,
      accountId,
      (transaction) =>
        transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`sso ${accountId}`}, 0))::text`,
    );
    return await work();
  }).catch((error: unknown) => {
    if (isUniqueViolation(error)) throw new ScimError(409, 'Another one has this name or id.', 'uniqueness');
    throw error;
  });

/** The people and groups of organisations, as their providers keep them up to date (RFC 7644). */
export function scimStore(prisma: PrismaClient): ScimStore {
  const users = scimUsers(prisma);
  return {
    accountOf: async (token) => {
      if (!token.startsWith(TOKEN_PREFIX)) return undefined;
      const [row] = await prisma.$queryRaw<{ account_id: string }[]>`
        SELECT account_id FROM scim_account(${hashOf(token)})`;
      return row?.account_id;
    },
    users,
    groups: scimGroups(prisma, users),
  };
}

function scimUsers(prisma: PrismaClient): ScimStore['users'] {
  const list = (
    accountId: string,
    { filter, startIndex, count }: Page,
    id?: string,
  ): Promise<Found<ScimUser>> =>
    inAccount(prisma, accountId, async (transaction) => {
      const conditions = [
        Prisma.sql`s.account_id = ${accountId}`,
        ...(id === undefined ? [] : [Prisma.sql`s.user_id = ${id}`]),
        ...(filter?.attribute === 'username' ? [Prisma.sql`p.email = lower(${filter.value})`] : []),
        ...(filter?.attribute === 'externalid' ? [Prisma.sql`s.external_id = ${filter.value}`] : []),
        ...(filter?.attribute === 'id' ? [Prisma.sql`s.user_id = ${filter.value}`] : []),
      ];
      const where = Prisma.join(conditions, ' AND ');
      const from = Prisma.sql`FROM scim_user s JOIN scim_people(${accountId}) p ON p.user_id = s.user_id WHERE ${where}`;
      const [total] = await transaction.$queryRaw<{ count: bigint }[]>`SELECT count(*) AS count ${from}`;
      const rows = await transaction.$queryRaw<UserRow[]>`
        SELECT s.*, p.email, p.name, coalesce((SELECT jsonb_agg(jsonb_build_object('id', g.id, 'displayName', g.display_name) ORDER BY g.id)
            FROM scim_group_member m JOIN scim_group g ON g.id = m.group_id
            WHERE m.account_id = s.account_id AND m.user_id = s.user_id), '[]') AS groups
        ${from} ORDER BY s.user_id OFFSET ${startIndex - 1} LIMIT ${count}`;
      return { totalCount: Number(total?.count ?? 0n), items: rows.map(userFromRow) };
    });

  const find: ScimStore['users']['find'] = async (accountId, id) => {
    const [user] = (await list(accountId, EVERYTHING, id)).items;
    if (user === undefined) throw new ScimError(404, `There is no user ${id}.`);
    return user;
  };

  async function refuseDomain(accountId: string, userName: string): Promise<void> {
    const domain = domainOf(userName) ?? '';
    const where = { accountId, domain, provedAt: { not: null } };
    const count = await inAccount(prisma, accountId, ({ ssoDomain }) => ssoDomain.count({ where }));
    if (count === 0)
      throw new ScimError(
        400,
        `userName: ${domain} is no domain that the organisation proved.`,
        'invalidValue',
      );
  }

  /** The user of an address: one of ours, or a new one. Nobody is taken who is of another organisation. */
  async function userOf(accountId: string, { userName, displayName }: ScimUserFields): Promise<string> {
    const [known] = await prisma.$queryRaw<{ id: string }[]>`SELECT id FROM user_for_sign_in(${userName})`;
    if (known !== undefined) {
      const [isTaken, isOther] = await inAccount(prisma, accountId, async (transaction) => {
        const of = { accountId, userId: known.id };
        const kept = await transaction.scimUser.count({ where: of });
        const roles = await transaction.roleGrant.count({
          where: { userId: known.id, acceptedAt: { not: null } },
        });
        const [row] = await transaction.$queryRaw<{ elsewhere: boolean }[]>`
          SELECT sso_is_elsewhere(${known.id}, ${accountId}) AS elsewhere`;
        return [kept > 0, roles === 0 && row?.elsewhere !== false];
      });
      if (isTaken) throw new ScimError(409, `${userName} is a user here already.`, 'uniqueness');
      if (isOther)
        throw new ScimError(
          409,
          `${userName} has an account of another organisation: they have to take an invitation first.`,
          'uniqueness',
        );
      return known.id;
    }
    const name = shownName(displayName, userName);
    const [made] = await prisma.$queryRaw<{ id: string }[]>`
      SELECT id FROM user_invite(${createId('usr')}, ${userName}, ${name})`;
    if (made === undefined) throw new Error('A new user was neither found nor made.');
    // Whoever proved the domain answers for its addresses; one that was there before is proved when its person signs in.
    await inAccount(
      prisma,
      accountId,
      (transaction) => transaction.$queryRaw`SELECT sso_prove_address(${made.id}, ${accountId}) AS ok`,
    );
    return made.id;
  }

  /** Takes every role in the organisation, and the sessions. Throws where an account would have no owner left. */
  async function shutOut(accountId: string, userId: string): Promise<void> {
    const held = await inAccount(prisma, accountId, ({ roleGrant }) =>
      roleGrant.findMany({ where: { userId }, select: { accountId: true }, orderBy: { accountId: 'asc' } }),
    );
    const team = teamStore(prisma);
    for (const { accountId: at } of held) {
      const chain = (await accountChain(prisma, at)).map(({ id }) => id);
      if ((await team.remove({ accountId: at, userId, ownersAt: chain.slice(1) })) === 'last_owner')
        throw new ScimError(
          409,
          'This is the last owner of an account: make somebody else an owner first.',
          'mutability',
        );
    }
    await inAccount(
      prisma,
      accountId,
      (transaction) => transaction.$queryRaw`SELECT scim_end_sessions(${userId}, ${accountId}) AS ended`,
    );
  }

  const note = (
    accountId: string,
    action: string,
    said: { id: string; before?: ScimUser; after?: ScimUser },
  ) => {
    const shown = (user: ScimUser | undefined) =>
      user && {
        email: user.userName,
        name: user.displayName,
        externalId: user.externalId,
        isActive: user.isActive,
      };
    const { id, before, after } = said;
    return noteChange(prisma, accountId, { action, target: id, before: shown(before), after: shown(after) });
  };

  return {
    list,
    find,

    create: (accountId, fields) =>
      oneAtATime(prisma, accountId, async () => {
        await refuseDomain(accountId, fields.userName);
        const count = await inAccount(prisma, accountId, ({ scimUser }) =>
          scimUser.count({ where: { accountId } }),
        );
        if (count >= SCIM_USER_COUNT_MAX)
          throw new ScimError(403, `At most ${SCIM_USER_COUNT_MAX} users are kept.`);
        const userId = await userOf(accountId, fields);
        const data = { accountId, userId, externalId: fields.externalId ?? null, isActive: fields.isActive };
        await inAccount(prisma, accountId, ({ scimUser }) => scimUser.createMany({ data }));
        await (fields.isActive
          ? giveRole(prisma, accountId, await find(accountId, userId))
          : shutOut(accountId, userId));
        const after = await find(accountId, userId);
        await note(accountId, 'scim.create', { id: userId, after });
        return after;
      }),

    change: (accountId, { id, version }, fieldsOf) =>
      oneAtATime(prisma, accountId, async () => {
        const before = await find(accountId, id);
        refuseVersion(before, version);
        const fields = fieldsOf(before);
        const name =
          fields.displayName === undefined
            ? before.displayName
            : shownName(fields.displayName, before.userName);
        const isMoved = fields.userName !== before.userName;
        if (isMoved) await refuseDomain(accountId, fields.userName);
        if (isMoved || name !== before.displayName) {
          const [row] = await inAccount(
            prisma,
            accountId,
            (transaction) => transaction.$queryRaw<{ ok: boolean }[]>`
              SELECT scim_change_person(${id}, ${accountId}, ${fields.userName}, ${name}) AS ok`,
          );
          // What somebody is called who has an account elsewhere as well is theirs to say.
          if (row?.ok !== true && isMoved)
            throw new ScimError(400, 'userName: this address is not yours to change.', 'mutability');
        }
        const data = {
          externalId: fields.externalId ?? null,
          isActive: fields.isActive,
          version: { increment: 1 },
          changedAt: new Date(),
        };
        await inAccount(prisma, accountId, ({ scimUser }) =>
          scimUser.updateMany({ where: { accountId, userId: id }, data }),
        );
        const after = await find(accountId, id);
        if (!after.isActive) await shutOut(accountId, id);
        else if (!before.isActive) await giveRole(prisma, accountId, after);
        await note(accountId, 'scim.change', { id, before, after });
        return after;
      }),

    remove: (accountId, { id, version }) =>
      oneAtATime(prisma, accountId, async () => {
        const before = await find(accountId, id);
        refuseVersion(before, version);
        await shutOut(accountId, id);
        await inAccount(prisma, accountId, ({ scimUser }) =>
          scimUser.deleteMany({ where: { accountId, userId: id } }),
        );
        await note(accountId, 'scim.remove', { id, before });
      }),
  };
}

/** The role that the groups of an active user give, or that of newcomers. */
async function giveRole(prisma: PrismaClient, accountId: string, user: ScimUser): Promise<void> {
  if (!user.isActive) return;
  const provider = await inAccount(prisma, accountId, (transaction) => readProvider(transaction, accountId));
  if (provider === undefined) return;
  const groups = user.groups.map(({ displayName }) => displayName);
  const role = await providedRoleAt(prisma, accountId, { provider, groups });
  const known = { userId: user.id, name: user.displayName, email: user.userName };
  await changeRole(prisma, accountId, { user: known, role, by: 'scim' });
}

function scimGroups(prisma: PrismaClient, users: ScimStore['users']): ScimStore['groups'] {
  const list = (
    accountId: string,
    { filter, startIndex, count }: Page,
    id?: string,
  ): Promise<Found<ScimGroup>> =>
    inAccount(prisma, accountId, async (transaction) => {
      const conditions = [
        Prisma.sql`g.account_id = ${accountId}`,
        ...(id === undefined ? [] : [Prisma.sql`g.id = ${id}`]),
        ...(filter?.attribute === 'displayname'
          ? [Prisma.sql`lower(g.display_name) = lower(${filter.value})`]
          : []),
        ...(filter?.attribute === 'externalid' ? [Prisma.sql`g.external_id = ${filter.value}`] : []),
        ...(filter?.attribute === 'id' ? [Prisma.sql`g.id = ${filter.value}`] : []),
      ];
      const from = Prisma.sql`FROM scim_group g WHERE ${Prisma.join(conditions, ' AND ')}`;
      const [total] = await transaction.$queryRaw<{ count: bigint }[]>`SELECT count(*) AS count ${from}`;
      const rows = await transaction.$queryRaw<GroupRow[]>`
        SELECT g.*, coalesce((SELECT jsonb_agg(jsonb_build_object('id', p.user_id, 'userName', p.email) ORDER BY p.user_id)
            FROM scim_group_member m JOIN scim_people(${accountId}) p ON p.user_id = m.user_id
            WHERE m.group_id = g.id), '[]') AS members
        ${from} ORDER BY g.id OFFSET ${startIndex - 1} LIMIT ${count}`;
      return { totalCount: Number(total?.count ?? 0n), items: rows.map(groupFromRow) };
    });

  const find: ScimStore['groups']['find'] = async (accountId, id) => {
    const [group] = (await list(accountId, EVERYTHING, id)).items;
    if (group === undefined) throw new ScimError(404, `There is no group ${id}.`);
    return group;
  };

  /** Members are users of this organisation: an id of another one's is none here. */
  async function setMembers(accountId: string, groupId: string, memberIds: readonly string[]): Promise<void> {
    await inAccount(prisma, accountId, async ({ scimUser, scimGroupMember }) => {
      const known = await scimUser.count({ where: { accountId, userId: { in: [...memberIds] } } });
      if (known !== memberIds.length)
        throw new ScimError(400, 'members: one of them is no user here.', 'invalidValue');
      await scimGroupMember.deleteMany({ where: { groupId } });
      await scimGroupMember.createMany({ data: memberIds.map((userId) => ({ accountId, groupId, userId })) });
    });
  }

  /** Of those whom a change concerns, where the group gives a role under its name of before or of now. */
  async function giveRoles(
    accountId: string,
    { names, userIds }: { readonly names: readonly string[]; readonly userIds: readonly string[] },
  ): Promise<void> {
    const provider = await inAccount(prisma, accountId, (transaction) =>
      readProvider(transaction, accountId),
    );
    if (!provider?.groupRoles.some(({ group }) => names.includes(group))) return;
    if (userIds.length > ROLE_CHANGE_COUNT_MAX)
      throw new ScimError(
        400,
        `This group gives a role: at most ${ROLE_CHANGE_COUNT_MAX} members are changed at once.`,
        'tooMany',
      );
    for (const userId of [...userIds].sort())
      await giveRole(prisma, accountId, await users.find(accountId, userId));
  }

  const note = (
    accountId: string,
    action: string,
    said: { id: string; before?: ScimGroup; after?: ScimGroup },
  ) => {
    const shown = (group: ScimGroup | undefined) =>
      group && { group: group.displayName, memberIds: group.members.map(({ id }) => id) };
    const { id, before, after } = said;
    return noteChange(prisma, accountId, { action, target: id, before: shown(before), after: shown(after) });
  };

  return {
    list,
    find,

    create: (accountId, { displayName, externalId, memberIds }) =>
      oneAtATime(prisma, accountId, async () => {
        const id = createId('sgr');
        const data = { id, accountId, displayName, externalId: externalId ?? null };
        await inAccount(prisma, accountId, async ({ scimGroup }) => {
          if ((await scimGroup.count({ where: { accountId } })) >= SCIM_GROUP_COUNT_MAX)
            throw new ScimError(403, `At most ${SCIM_GROUP_COUNT_MAX} groups are kept.`);
          await scimGroup.createMany({ data });
        });
        await setMembers(accountId, id, memberIds);
        await giveRoles(accountId, { names: [displayName], userIds: memberIds });
        const after = await find(accountId, id);
        await note(accountId, 'scim.create', { id, after });
        return after;
      }),

    change: (accountId, { id, version }, fieldsOf) =>
      oneAtATime(prisma, accountId, async () => {
        const before = await find(accountId, id);
        refuseVersion(before, version);
        const { displayName, externalId, memberIds } = fieldsOf(before);
        const data = {
          displayName,
          externalId: externalId ?? null,
          version: { increment: 1 },
          changedAt: new Date(),
        };
        await inAccount(prisma, accountId, ({ scimGroup }) =>
          scimGroup.updateMany({ where: { accountId, id }, data }),
        );
        await setMembers(accountId, id, memberIds);
        const old = before.members.map((member) => member.id);
        const all = [...new Set([...old, ...memberIds])];
        const isRenamed = displayName !== before.displayName;
        const userIds = isRenamed
          ? all
          : all.filter((one) => !(old.includes(one) && memberIds.includes(one)));
        await giveRoles(accountId, { names: [before.displayName, displayName], userIds });
        const after = await find(accountId, id);
        await note(accountId, 'scim.change', { id, before, after });
        return after;
      }),

    remove: (accountId, { id, version }) =>
      oneAtATime(prisma, accountId, async () => {
        const before = await find(accountId, id);
        refuseVersion(before, version);
        await inAccount(prisma, accountId, ({ scimGroup }) =>
          scimGroup.deleteMany({ where: { accountId, id } }),
        );
        const userIds = before.members.map((member) => member.id);
        await giveRoles(accountId, { names: [before.displayName], userIds });
        await note(accountId, 'scim.remove', { id, before });
      }),
  };
}
