import { ScimError } from '@patchbay/domain/scim/scim-error';
import type { ScimGroup, ScimGroupFields } from '@patchbay/domain/scim/scim-resource';
import { createId } from '@patchbay/kit/ids';
import { Prisma, type PrismaClient } from './generated/client.ts';
import {
  type Collection,
  EVERYTHING,
  type Found,
  noteChange,
  oneAtATime,
  type Page,
  refuseVersion,
} from './scim-collection.ts';
import { giveRole, type ScimUsers } from './scim-users.ts';
import { inAccount } from './scope.ts';
import { readProvider } from './sso-store.ts';

const SCIM_GROUP_COUNT_MAX = 500;
/** Each is some statements, and all of them are one transaction. */
const ROLE_CHANGE_COUNT_MAX = 100;

export type ScimGroups = Collection<ScimGroup, ScimGroupFields>;

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

/** Groups, which give roles by their names. */
export function scimGroups(prisma: PrismaClient, users: Pick<ScimUsers, 'find'>): ScimGroups {
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

  const find: ScimGroups['find'] = async (accountId, id) => {
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
