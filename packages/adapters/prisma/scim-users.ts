import { ScimError } from '@patchbay/domain/scim/scim-error';
import type { ScimUser, ScimUserFields } from '@patchbay/domain/scim/scim-resource';
import { domainOf } from '@patchbay/domain/sso/address-domain';
import { shownName } from '@patchbay/domain/sso/provisioning';
import { createId } from '@patchbay/kit/ids';
import { accountChain } from './account-store.ts';
import { appendEvents } from './event-store.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import { memberEvent } from './member-events.ts';
import { heldRoleColumns, roleFromRow } from './role-store.ts';
import {
  type Collection,
  EVERYTHING,
  type Found,
  noteChange,
  oneAtATime,
  type Page,
  refuseVersion,
} from './scim-collection.ts';
import { inAccount } from './scope.ts';
import { changeRole, providedRoleAt } from './sso-roles.ts';
import { readProvider } from './sso-store.ts';
import { teamStore } from './team-store.ts';

const SCIM_USER_COUNT_MAX = 10_000;

export type ScimUsers = Collection<ScimUser, ScimUserFields>;

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

/** The people of an organisation, as its provider keeps them up to date. */
export function scimUsers(prisma: PrismaClient): ScimUsers {
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

  const find: ScimUsers['find'] = async (accountId, id) => {
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
      roleGrant.findMany({
        where: { userId },
        select: { accountId: true, ...heldRoleColumns },
        orderBy: { accountId: 'asc' },
      }),
    );
    const team = teamStore(prisma);
    for (const { accountId: at, ...grant } of held) {
      const chain = (await accountChain(prisma, at)).map(({ id }) => id);
      if ((await team.remove({ accountId: at, userId, ownersAt: chain.slice(1) })) === 'last_owner')
        throw new ScimError(
          409,
          'This is the last owner of an account: make somebody else an owner first.',
          'mutability',
        );
      const removed = memberEvent('removed', { accountId: at, userId, role: roleFromRow(grant).role });
      await inAccount(prisma, at, (transaction) => appendEvents(transaction, [removed]));
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
export async function giveRole(prisma: PrismaClient, accountId: string, user: ScimUser): Promise<void> {
  if (!user.isActive) return;
  const provider = await inAccount(prisma, accountId, (transaction) => readProvider(transaction, accountId));
  if (provider === undefined) return;
  const groups = user.groups.map(({ displayName }) => displayName);
  const role = await providedRoleAt(prisma, accountId, { provider, groups });
  const known = { userId: user.id, name: user.displayName, email: user.userName };
  await changeRole(prisma, accountId, { user: known, role, by: 'scim' });
}
