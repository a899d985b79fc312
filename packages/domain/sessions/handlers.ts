import { type DomainHandlers, prepared } from '@patchbay/kit/definition';
import type { ServiceError } from '@patchbay/kit/errors';
import type { z } from 'zod';
import type { ControlRefusal, SessionChange } from './control.ts';
import type { sessions } from './definition.ts';
import {
  type Asking,
  askNode,
  codeOf,
  giveOrder,
  nodeAway,
  type Refusing,
  refuseUnlessRunning,
  whyNoOrder,
} from './give-order.ts';
import { type AskedChange, changeAsked, muteAsked, noKind } from './live-change.ts';
import type { LegRecord, LogRecord, SessionRecord, SessionsPorts } from './ports.ts';
import { legAnswer, opaqueLeg, toAnswer, withMuted, withStanding } from './session-answer.ts';
import { type ToldHookRecord, toldHookAnswer } from './told-hook.ts';

/** What everybody in a session is told when it is ended over the API or the dashboard. */
export const endedByAccountCode = 'session.ended_by_account';

type Json = z.core.util.JSONType;

const logAnswer = (
  { sequence, at, kind, legId, data }: LogRecord,
  hooks: readonly ToldHookRecord[] = [],
) => ({
  sequence,
  at: at.toISOString(),
  kind,
  ...(legId === undefined ? {} : { legId }),
  // What the store holds came out of JSON, so it is JSON.
  data: data as Record<string, Json>,
  ...(hooks.length === 0 ? {} : { hooks: hooks.map(toldHookAnswer) }),
});

const unknown = (sessionId: string) => `This account has no session ${sessionId}.`;

export const handlers: DomainHandlers<typeof sessions, SessionsPorts> = {
  sessions: {
    async list(context, request, ports) {
      const { accountId } = context.entity;
      const { items, nextCursor } = await ports.sessions.list({ accountId, ...request });
      const totals = await ports.usage.totalsOf({ accountId, sessionIds: items.map(({ id }) => id) });
      return {
        items: items.map((session) => toAnswer(session, totals.get(session.id))),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },

    async get(context, { sessionId }, ports) {
      const { accountId } = context.entity;
      const session = await ports.sessions.find({ accountId, sessionId });
      if (session === undefined) throw context.error('resource.unknown', unknown(sessionId));
      const totals = await ports.usage.totalsOf({ accountId, sessionIds: [sessionId] });
      return toAnswer(session, totals.get(sessionId));
    },

    async listLog(context, { sessionId, after, limit }, ports) {
      const { accountId } = context.entity;
      const session = await ports.sessions.find({ accountId, sessionId });
      if (session === undefined) throw context.error('resource.unknown', unknown(sessionId));
      const items = await ports.sessions.log({ accountId, sessionId, after, limit });
      const [first, last] = [items[0], items.at(-1)];
      const told =
        first === undefined || last === undefined
          ? []
          : await ports.hooks.told({ accountId, sessionId, from: first.sequence, to: last.sequence });
      const hooks = Map.groupBy(told, ({ sequence }) => sequence);
      return {
        items: items.map((line) => logAnswer(line, hooks.get(line.sequence))),
        ...(last === undefined || items.length < limit ? {} : { nextAfter: last.sequence }),
      };
    },

    update: prepared(async (context, { sessionId, ...asked }, ports) => {
      const { accountId } = context.entity;
      const before = await ports.sessions.find({ accountId, sessionId });
      if (before === undefined) throw context.error('resource.unknown', unknown(sessionId));
      const change = changeAsked(asked, context.nowMs());
      refuseUnheard(context, change);
      const answerOf = async (session: SessionRecord) => {
        const totals = await ports.usage.totalsOf({ accountId, sessionIds: [sessionId] });
        return toAnswer(session, totals.get(sessionId));
      };
      if (change.kind === 'end')
        return async () => {
          if (before.state === 'ended') context.audit({ target: sessionId, ...unchanged(before) });
          else await end(context, before, ports);
          return answerOf((await ports.sessions.find({ accountId, sessionId })) ?? before);
        };
      refuseUnlessRunning(context, before);
      const answer = await giveOrder(context, { sessionId, change: change.change }, ports);
      if (answer.kind === 'refused') throw context.error(changeCodeOf(answer.refusal), answer.detail);
      return async () => {
        context.audit({ target: sessionId, before: answer.before, after: answer.after });
        return answerOf(withStanding(before, answer.after));
      };
    }),

    updateAll: prepared(async (context, request, ports) => {
      const { accountId } = context.entity;
      const { scope, applicationId, identity, kind, before: cursor, limit, ...asked } = request;
      const change = changeAsked(asked, context.nowMs());
      refuseUnheard(context, change);
      const page = await ports.sessions.list({
        ...{ accountId, state: 'open', scope, applicationId, identity, cursor, limit },
        kind: kind ?? (change.kind === 'end' ? 'all' : 'call'),
      });
      const { items, nextCursor } = page;
      const done =
        change.kind === 'end'
          ? undefined
          : await Promise.all(items.map((session) => orderOne(context, { session, ...change }, ports)));
      return async () => {
        if (done === undefined) for (const session of items) await end(context, session, ports);
        for (const one of done ?? []) if ('audited' in one) context.audit(one.audited);
        const ended = items.map(({ id: sessionId }) => ({ sessionId, outcome: 'changed' as const }));
        return {
          items: done?.map(({ item }) => item) ?? ended,
          ...(nextCursor === undefined ? {} : { nextBefore: nextCursor }),
        };
      };
    }),

    redirect: prepared(async (context, { sessionId, url, to }, ports) => {
      const { accountId } = context.entity;
      const session = await ports.sessions.find({ accountId, sessionId });
      if (session === undefined) await ownLegs(context, { sessionId }, ports);
      if ((url === undefined) === (to === undefined))
        throw context.error('request.invalid', 'A call is sent on to one of /url and /to.');
      if (session !== undefined) refuseUnlessRunning(context, session);
      const change: SessionChange =
        url === undefined ? { type: 'transfer', to: to ?? '' } : { type: 'redirect', url };
      const answer = await giveOrder(context, { sessionId, change }, ports);
      if (answer.kind === 'refused') {
        if (answer.refusal === 'no_logic') throw context.error('sessions.no_logic', answer.detail);
        if (answer.refusal === 'unreachable')
          throw context.error('sessions.endpoint_unavailable', answer.detail);
        if (answer.refusal === 'foreign') throw context.error('sessions.leg_foreign', foreignLogic);
        throw context.error(codeOf[answer.refusal], answer.detail);
      }
      return async () => {
        const sentTo = { ...(url === undefined ? {} : { url }), ...(to === undefined ? {} : { to }) };
        context.audit({ target: sessionId, after: sentTo });
        return { sessionId, ...sentTo };
      };
    }),

    updateLeg: prepared(async (context, { sessionId, legId, muted }, ports) => {
      const { session, leg } = await partOf(context, { sessionId, legId }, ports);
      const change = muteAsked(muted, legId);
      if (change === undefined) throw context.error('request.invalid', noKind);
      if (session !== undefined) refuseUnlessRunning(context, session);
      if (leg === 'foreign') throw context.error('sessions.leg_foreign', foreignLeg);
      if (leg.state === 'left') throw context.error('sessions.ended', 'The leg has left already.');
      const answer = await giveOrder(context, { sessionId, change }, ports);
      if (answer.kind === 'refused') throw context.error(codeOf[answer.refusal], answer.detail);
      const after = withMuted(leg, answer.after);
      return async () => {
        const before = { legId, muted: withMuted(leg, answer.before).muted };
        context.audit({ target: sessionId, before, after: { legId, muted: after.muted } });
        return legAnswer(after);
      };
    }),

    removeLeg: prepared(async (context, { sessionId, legId }, ports) => {
      const { session, leg } = await partOf(context, { sessionId, legId }, ports);
      const isGone = session?.state === 'ended' || (leg !== 'foreign' && leg.state === 'left');
      if (!isGone) {
        if (session !== undefined) refuseUnlessRunning(context, session);
        const answer = await giveOrder(context, { sessionId, change: { type: 'remove', legId } }, ports);
        if (answer.kind === 'refused') throw context.error(codeOf[answer.refusal], answer.detail);
      }
      const left = leg === 'foreign' ? opaqueLeg(legId, true) : legAnswer({ ...leg, state: 'left' });
      return async () => {
        context.audit({
          target: sessionId,
          before: { legId, state: isGone ? 'left' : 'joined' },
          after: { legId, state: 'left' },
        });
        return left;
      };
    }),
  },
};

type Ordering = Asking & Refusing;

interface Auditing {
  readonly audit: (change: { target: string; before?: unknown; after?: unknown }) => void;
}

const foreignLeg = 'Only the account of a leg mutes it.';
const foreignLogic = 'The call, or the document that decides about it, is of another account.';

/** What a request asks for in vain: an order that there is none of, or a service that nobody can add yet. */
function refuseUnheard(
  {
    error,
  }: { error(code: 'sessions.service_unavailable' | 'request.invalid', detail: string): ServiceError },
  change: AskedChange,
): asserts change is Extract<AskedChange, { readonly kind: 'end' | 'order' }> {
  if (change.kind === 'invalid') throw error('request.invalid', change.detail);
  if (change.kind === 'services')
    throw error(
      'sessions.service_unavailable',
      `Of all services none can be added to or removed from a running session today: ${change.names.join(', ')} cannot.`,
    );
}

/** The node hears it when it can: an end is kept for a node that is away. */
async function end(context: Auditing, session: SessionRecord, ports: SessionsPorts): Promise<void> {
  const { id: sessionId, accountId, nodeId, state } = session;
  await ports.commands.endSession({ sessionId, accountId, nodeId, code: endedByAccountCode });
  context.audit({ target: sessionId, before: { state }, after: { state: 'ended' } });
}

/** One of many: what is refused of it is told, and refuses none of the others. */
async function orderOne(
  context: Asking,
  { session, change }: { readonly session: SessionRecord; readonly change: SessionChange },
  ports: SessionsPorts,
) {
  const { id: sessionId } = session;
  const refused = ({ code, detail }: { readonly code: string; readonly detail: string }) =>
    ({ item: { sessionId, outcome: 'refused', code, detail } }) as const;
  const standing = whyNoOrder(session);
  if (standing !== undefined) return refused(standing);
  const answer = await askNode(context, { sessionId, change }, ports);
  if (answer === undefined) return refused(nodeAway);
  if (answer.kind === 'refused')
    return refused({ code: changeCodeOf(answer.refusal), detail: answer.detail });
  const { isChanged, before, after } = answer;
  const item = { sessionId, outcome: isChanged ? 'changed' : 'unchanged' } as const;
  return { item, audited: { target: sessionId, before, after } };
}

/** As the operations that change what runs are told it: those that send it on know of no way of its media. */
const changeCodeOf = (refusal: ControlRefusal) =>
  refusal === 'mode_unavailable' ? 'sessions.mode_unavailable' : codeOf[refusal];

/** The legs in reach of the account; none where it has no part in the session. */
async function ownLegs(
  context: Ordering,
  { sessionId }: { readonly sessionId: string },
  ports: SessionsPorts,
): Promise<readonly LegRecord[]> {
  const legs = await ports.sessions.legs({ accountId: context.entity.accountId, sessionId });
  if (legs.length === 0) throw context.error('resource.unknown', unknown(sessionId));
  return legs;
}

/** A leg, and its session where that is the account's. `foreign`: then the leg is another account's (LIV-0). */
async function partOf(
  context: Ordering,
  { sessionId, legId }: { readonly sessionId: string; readonly legId: string },
  ports: SessionsPorts,
): Promise<{ readonly session: SessionRecord | undefined; readonly leg: LegRecord | 'foreign' }> {
  const { accountId } = context.entity;
  const session = await ports.sessions.find({ accountId, sessionId });
  const legs = session?.legs ?? (await ownLegs(context, { sessionId }, ports));
  const leg = legs.find(({ id }) => id === legId);
  if (leg === undefined && session?.legIds.includes(legId) === true) return { session, leg: 'foreign' };
  if (leg === undefined) throw context.error('resource.unknown', `The session has no leg ${legId}.`);
  return { session, leg };
}

const unchanged = ({ state }: SessionRecord) => ({ before: { state }, after: { state } });
