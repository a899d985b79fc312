import type { Actor, DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import type { ServiceError } from '@patchbay/kit/errors';
import { isStoredIn } from '../policy/data-regions.ts';
import { isRoleTooWide } from '../tenancy/scopes.ts';
import { toPlaces } from './data-places.ts';
import type { privacy } from './definition.ts';
import { EXPORT_LINK_LIFETIME_MS, exportLinks } from './export-link.ts';
import type { ErasureRecord, ExportRecord, PrivacyPorts } from './ports.ts';
import { levelName, retentionHandlers } from './retention-handlers.ts';

type Privacy = typeof privacy;

const toExport = ({
  accountId: _own,
  createdAt,
  finishedAt,
  expiresAt,
  nextAttemptAt,
  ...rest
}: ExportRecord) => ({
  ...rest,
  createdAt: createdAt.toISOString(),
  ...(finishedAt === undefined ? {} : { finishedAt: finishedAt.toISOString() }),
  ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
  ...(nextAttemptAt === undefined ? {} : { nextAttemptAt: nextAttemptAt.toISOString() }),
});

const toErasure = ({
  person,
  createdAt,
  confirmedAt,
  doneAt,
  found,
  erased,
  waitsFor,
  ...rest
}: ErasureRecord) => ({
  ...rest,
  ...(person === undefined ? {} : { person }),
  createdAt: createdAt.toISOString(),
  ...(confirmedAt === undefined ? {} : { confirmedAt: confirmedAt.toISOString() }),
  ...(doneAt === undefined ? {} : { doneAt: doneAt.toISOString() }),
  found: { ...found },
  erased: { ...erased },
  ...(waitsFor === undefined ? {} : { waitsFor }),
});

const noErasure = (context: DomainContext<Privacy, 'erasures', 'get'>, erasureId: string): ServiceError =>
  context.error('resource.unknown', `There is no erasure ${erasureId} here.`);

const noExport = (context: DomainContext<Privacy, 'exports', 'get'>, exportId: string): ServiceError =>
  context.error('resource.unknown', `There is no export ${exportId} here.`);

interface ErasingContext {
  readonly entity: { readonly accountId: string; readonly chain: readonly string[] };
  readonly actor: Actor;
  readonly error: (code: 'auth.scope', publicDetail: string) => ServiceError;
}

/** Who may do less than a role takes it from nobody else, by whatever way it would go; and who is no owner unmakes none (ACC-3). */
async function refuseUnmaking(
  { entity: { accountId, chain }, actor, error }: ErasingContext,
  person: string,
  { erasures, caller, catalogue }: Pick<PrivacyPorts, 'erasures' | 'caller' | 'catalogue'>,
): Promise<void> {
  const { isOwner, maker } = await caller(chain, actor);
  const roles = await erasures.rolesOf({ accountId, person });
  if (!isOwner && roles.some(({ role }) => role === 'owner'))
    throw error('auth.scope', 'Only an owner takes the role of an owner away, and an erasure does.');
  if (actor.kind === 'user' && actor.userId === person) return;
  const wide = roles.find((role) => isRoleTooWide(role, maker, catalogue));
  if (wide !== undefined)
    throw error(
      'auth.scope',
      `An erasure takes the role ${wide.role} away, which may do what you may not do yourself.`,
    );
}

/** Who asked, as the audit log names them. */
function actorIdOf(actor: Actor): string {
  switch (actor.kind) {
    case 'key':
      return actor.keyId;
    case 'user':
      return actor.userId;
    case 'credential':
      return actor.credentialId;
    case 'callback':
      return actor.webhookId;
    case 'platform':
    case 'stranger':
      return actor.kind;
  }
}

export const handlers: DomainHandlers<Privacy, PrivacyPorts> = {
  retention: retentionHandlers,

  dataPlaces: {
    async get({ entity, visibleIds = [entity.accountId] }, _request, { places }) {
      const [held, nodes] = await Promise.all([places.dataRegions(entity), places.nodes()]);
      const { storageRegions } = places;
      const nameOf = (accountId: string) => levelName({ accountId }, visibleIds);
      return toPlaces({ storageRegions, nodes, held, nameOf });
    },
  },

  exports: {
    async list({ entity }, page, { exports }) {
      const { items, nextCursor } = await exports.list({ accountId: entity.accountId, ...page });
      return { items: items.map(toExport), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },

    async create(context, { person }, { exports, places }) {
      const { accountId } = context.entity;
      const held = await places.dataRegions(context.entity);
      if (held !== undefined && !isStoredIn(held.value, places))
        throw context.error(
          'privacy.export_not_in_region',
          `Data are to be kept in ${held.value.join(' or ')}, and exports are kept in ${places.storageRegions.join(' and ') || 'a region that nobody declared'}.`,
        );
      const made = await exports.create({ accountId, person, requestedBy: actorIdOf(context.actor) });
      if (made === undefined)
        throw context.error(
          'privacy.export_at_work',
          'One of this account is being made: there is one at a time.',
        );
      // Of whom it is, is not for a log that is kept for years.
      context.audit({ target: made.id, after: { scope: made.scope } });
      await context.emit('export.started', { exportId: made.id, scope: made.scope });
      return toExport(made);
    },

    async get(context, { exportId }, { exports }) {
      const found = await exports.find({ accountId: context.entity.accountId, exportId });
      if (found === undefined) throw noExport(context, exportId);
      return toExport(found);
    },

    async createLink(context, { exportId }, { exports }) {
      const { accountId } = context.entity;
      const found = await exports.find({ accountId, exportId });
      if (found === undefined) throw noExport(context as never, exportId);
      if (found.state !== 'ready')
        throw context.error('privacy.export_not_ready', `Export ${exportId} is ${found.state}.`);
      const expiresMs = context.nowMs() + EXPORT_LINK_LIFETIME_MS;
      const link = { accountId, id: exportId, expiresMs };
      const expiresAt = new Date(expiresMs).toISOString();
      context.audit({ target: exportId, after: { expiresAt } });
      return { path: exportLinks.pathOf(link, exports.sign(link)), expiresAt, sizeBytes: found.sizeBytes };
    },

    async remove(context, { exportId }, { exports }) {
      const removed = await exports.remove({ accountId: context.entity.accountId, exportId });
      if (removed === undefined) throw noExport(context as never, exportId);
      context.audit({ target: exportId, before: { scope: removed.scope, state: removed.state } });
      await context.emit('export.removed', { exportId });
      return { id: exportId };
    },
  },

  erasures: {
    async list({ entity }, page, { erasures }) {
      const { items, nextCursor } = await erasures.list({ accountId: entity.accountId, ...page });
      return { items: items.map(toErasure), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },

    async create(context, { person }, ports) {
      const { accountId } = context.entity;
      const { erasures } = ports;
      await refuseUnmaking(context, person, ports);
      const made = await erasures.create({ accountId, person, requestedBy: actorIdOf(context.actor) });
      if (made === 'unknown') throw context.error('resource.unknown', `There is no user ${person} here.`);
      if (made === 'last_owner')
        throw context.error(
          'privacy.last_owner',
          `User ${person} is the only owner of ${accountId}, or of an account below it.`,
        );
      if (made === 'at_work')
        throw context.error(
          'privacy.erasure_at_work',
          'One of this account is not over: there is one at a time.',
        );
      // Of whom it is must not outlive it.
      context.audit({ target: made.id, after: { state: made.state } });
      await context.emit('erasure.asked', { erasureId: made.id });
      return toErasure(made);
    },

    async get(context, { erasureId }, { erasures }) {
      const found = await erasures.find({ accountId: context.entity.accountId, erasureId });
      if (found === undefined) throw noErasure(context, erasureId);
      return toErasure(found);
    },

    async update(context, { erasureId, state }, ports) {
      const { accountId } = context.entity;
      const { erasures } = ports;
      const before = await erasures.find({ accountId, erasureId });
      if (before === undefined) throw noErasure(context as never, erasureId);
      // They may have got a role since it was asked for.
      if (state === 'running' && before.person !== undefined)
        await refuseUnmaking(context, before.person, ports);
      const decided = await erasures.decide({ accountId, erasureId, state, by: actorIdOf(context.actor) });
      if (decided === undefined)
        throw context.error('privacy.erasure_not_counted', `Erasure ${erasureId} is ${before.state}.`);
      const { found } = before;
      context.audit({ target: erasureId, before: { state: before.state }, after: { state, found } });
      await context.emit('erasure.decided', { erasureId, state });
      return toErasure(decided);
    },
  },
};
