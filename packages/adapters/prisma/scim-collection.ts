/** What holds for every collection of SCIM, whatever is in it (RFC 7644 §3). */
import { ScimError } from '@patchbay/domain/scim/scim-error';
import type { ScimFilter } from '@patchbay/domain/scim/scim-request';
import { isUniqueViolation } from './database-error.ts';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';
import { BY_SCIM, noteAtTop } from './sso-roles.ts';
import { atomically } from './unit-of-work.ts';

export interface Page {
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
export interface Collection<Resource, Fields> {
  list(accountId: string, page: Page): Promise<Found<Resource>>;
  /** Throws what SCIM says where there is none. */
  find(accountId: string, id: string): Promise<Resource>;
  create(accountId: string, fields: Fields): Promise<Resource>;
  /** `fields` are asked for within the transaction that writes them: what is patched is what is there. */
  change(accountId: string, asked: Asked, fields: (before: Resource) => Fields): Promise<Resource>;
  remove(accountId: string, asked: Asked): Promise<void>;
}

interface ScimChange {
  readonly action: string;
  readonly target: string;
  readonly before: object | undefined;
  readonly after: object | undefined;
}

/** Of a change by SCIM: what there was before, and what there is since, each where there is one (ACC-8). */
export const noteChange = (
  prisma: PrismaClient,
  accountId: string,
  { action, target, before, after }: ScimChange,
) =>
  noteAtTop(prisma, accountId, {
    action,
    ...BY_SCIM,
    target,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });

export const EVERYTHING: Page = { filter: undefined, startIndex: 1, count: 1 };

export function refuseVersion(kept: { readonly version: number }, asked: number | undefined): void {
  if (asked !== undefined && asked !== kept.version)
    throw new ScimError(412, `It was changed since: it is at version ${kept.version}.`);
}

/** All of an organisation's changes, one after the other: two that cross would leave roles that nobody asked for. */
export const oneAtATime = <Value>(
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
