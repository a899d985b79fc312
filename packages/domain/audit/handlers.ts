import type { DomainHandlers } from '@patchbay/kit/definition';
import type { z } from 'zod';
import type { audit } from './definition.ts';
import type { AuditPorts, AuditRecord } from './ports.ts';
import { told } from './told.ts';

type Json = z.core.util.JSONType;

// What the store holds came out of JSON, so it is JSON.
const toAnswer = ({
  at,
  before,
  after,
  address,
  key,
  actorAccountId: _actorAccountId,
  isActorKnown: _isActorKnown,
  accountPath: _accountPath,
  ...rest
}: AuditRecord) => ({
  ...rest,
  at: at.toISOString(),
  ...(address === null ? {} : { address }),
  ...(key === null ? {} : { key }),
  ...(before === undefined || before === null ? {} : { before: before as Json }),
  ...(after === undefined || after === null ? {} : { after: after as Json }),
});

export const handlers: DomainHandlers<typeof audit, AuditPorts> = {
  audit: {
    async list(context, request, { entries }) {
      const { visibleIds = [], entity } = context;
      const { scope, cursor, limit, from, to, ...words } = request;
      const times = {
        ...(from === undefined ? {} : { from: new Date(from) }),
        ...(to === undefined ? {} : { to: new Date(to) }),
      };
      const filter = { visibleIds, ...words, ...times };
      const { items, nextCursor } = await entries.list({
        accountId: entity.accountId,
        scope,
        cursor,
        limit,
        filter,
      });
      return {
        items: items.map((record) => toAnswer(told(record, visibleIds))),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },

    async verify({ entity, nowMs }, _request, { entries }) {
      const { entryCount, brokenAt } = await entries.verify(entity.accountId);
      return {
        at: new Date(nowMs()).toISOString(),
        state: brokenAt === undefined ? ('whole' as const) : ('broken' as const),
        entryCount,
        ...(brokenAt === undefined ? {} : { brokenAt }),
      };
    },
  },
};
