import type { DomainHandlers } from '@patchbay/kit/definition';
import { isId } from '@patchbay/kit/ids';
import { type PolicyRefusal, readRefusalText, remedyOf } from '../policy/decide.ts';
import { inactiveCodes, inactiveLevel } from '../tenancy/account-state.ts';
import type { decisions } from './definition.ts';
import { type Known, knownTo, nothingKnown } from './known.ts';
import type { CredentialStanding, DecidedLine, DecisionsPorts } from './ports.ts';
import type { RefusedRequest } from './refused-request.ts';

/** Lines of one answer: what ran for hours reached few limits, and was refused little. */
const LINE_COUNT_MAX = 100;

interface Reader {
  readonly accountId: string;
  readonly visibleIds: readonly string[];
  readonly ports: DecisionsPorts;
}

/** Only what is there: an answer has no fields that say nothing. */
const filled = <Fields extends object>(
  fields: Fields,
): { [F in keyof Fields]: Exclude<Fields[F], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;

/** What is known of where a refusal comes from. */
interface Source {
  readonly rule?: string | undefined;
  readonly level?: string | undefined;
}

const pageOfCode = (
  { pages }: DecisionsPorts,
  code: string | undefined,
  { detail = '', ...source }: Source & { readonly detail?: string | undefined },
) => {
  const page = code === undefined ? undefined : pages.find(code);
  const remedy = (isOfPolicy(code) ? remedyOf(code, detail) : undefined) ?? page?.remedy;
  return filled({ title: page?.title, remedy: remedy && remedyFor(remedy, source) });
};

/** The sentences of a remedy but for those that point at what this answer does not have. */
function remedyFor(remedy: string, source: Source): string | undefined {
  const pointsNowhere = (sentence: string) =>
    (['rule', 'level'] as const).some(
      (name) => source[name] === undefined && sentence.includes(`\`${name}\``),
    );
  const sentences = remedy.split(/(?<=\.) /).filter((sentence) => !pointsNowhere(sentence));
  return sentences.length === 0 ? undefined : sentences.join(' ');
}

function refusedAnswer(refused: RefusedRequest, { visibleIds, ports }: Reader) {
  const { known, withoutNames } = knownTo(visibleIds, refused.known);
  const { requestId, atMs, accountId, actorId, actorName, operation, code, rule, level } = refused;
  return {
    subject: requestId,
    kind: 'request' as const,
    decision: refused.status >= 500 ? ('failed' as const) : ('refused' as const),
    at: new Date(atMs).toISOString(),
    accountId,
    operation,
    actor: { id: actorId, name: actorName },
    code,
    ...pageOfCode(ports, code, { rule, level, detail: refused.detail }),
    detail: withoutNames(refused.detail),
    ...filled({ rule, level: level === undefined ? undefined : withoutNames(level) }),
    known,
    moments: [],
  };
}

async function ofRequest(requestId: string, reader: Reader) {
  const { ports, visibleIds } = reader;
  // It stands where its caller holds something, which may be above the account that they asked about and look at now.
  const [accountId = reader.accountId] = visibleIds;
  const refused = await ports.log.findRefused({ accountId, requestId });
  if (refused !== undefined) return refusedAnswer(refused, reader);
  const allowed = await ports.log.findAllowed({ accountId, requestId });
  if (allowed === undefined) return undefined;
  return {
    subject: requestId,
    kind: 'request' as const,
    decision: 'allowed' as const,
    at: allowed.at.toISOString(),
    accountId: allowed.accountId,
    operation: allowed.action,
    actor: { id: allowed.actorId, name: allowed.actorName },
    detail: `It was allowed, and changed ${allowed.target}.`,
    known: nothingKnown,
    moments: [],
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The code and the words of a line, wherever its kind has them. */
function saidBy({ data }: DecidedLine): { code?: string | undefined; detail?: string | undefined } {
  const reason = data.reason;
  if (typeof reason === 'object' && reason !== null) {
    const { code, detail } = reason as Readonly<Record<string, unknown>>;
    return { code: textOf(code), detail: textOf(detail) };
  }
  const code = textOf(data.code) ?? textOf(data.limit) ?? textOf(reason);
  const bound = typeof data.max === 'number' ? `It allows ${data.max}.` : undefined;
  return { code, detail: textOf(data.detail) ?? bound };
}

const toMoment = (line: DecidedLine) => ({
  at: line.at.toISOString(),
  kind: line.kind,
  sessionId: line.sessionId,
  ...filled(saidBy(line)),
});

const policyCodes: readonly (string | undefined)[] = [
  'policy.refused',
  'service.not_enabled',
  'limit.exceeded',
  'balance.used_up',
] satisfies PolicyRefusal['code'][];

const isOfPolicy = (code: string | undefined): code is PolicyRefusal['code'] => policyCodes.includes(code);

/**
 * Which rule of which level ended a session. A policy's stands in the words of its log; which account was suspended or closed
 * does not, as an account above has no name there: it is the topmost that is so now.
 */
function sourceOfEnd(
  code: string | undefined,
  { detail = '', chain }: { readonly detail?: string | undefined; readonly chain: Known['chain'] },
): Source {
  if (code === inactiveCodes.suspended || code === inactiveCodes.closed)
    return { rule: 'account.state', level: inactiveLevel(chain)?.level.accountId };
  // The words of any other end may be somebody's own.
  const said = isOfPolicy(code) ? readRefusalText(detail) : undefined;
  return { rule: said?.setting, level: said?.level };
}

async function ofSession(sessionId: string, { accountId, visibleIds, ports }: Reader) {
  const session = await ports.sessions.find({ accountId, sessionId });
  if (session === undefined) return undefined;
  const lines = await ports.log.linesOf({ accountId, sessionId, limit: LINE_COUNT_MAX });
  // A session into which nobody came is one that was refused: it ended at once (MET-7).
  const isRefused = session.state === 'ended' && session.participants === 0;
  const end = lines.findLast(({ kind }) => kind === 'session.ended');
  const code = session.endCode;
  const limits = lines.flatMap(({ data: { limit, max } }) =>
    typeof limit === 'string' && typeof max === 'number' ? [{ name: limit, max }] : [],
  );
  const chain = await ports.states.chainOf(session.accountId);
  const { known, withoutNames } = knownTo(visibleIds, { ...nothingKnown, chain, limits });
  const detail = end === undefined ? undefined : saidBy(end).detail;
  const said = sourceOfEnd(code, { detail, chain });
  const source = { rule: said.rule, level: said.level === undefined ? undefined : withoutNames(said.level) };
  return {
    subject: sessionId,
    kind: 'session' as const,
    decision: isRefused ? ('refused' as const) : ('allowed' as const),
    at: session.startedAt.toISOString(),
    accountId: session.accountId,
    operation: session.kind,
    ...pageOfCode(ports, code, { ...source, detail }),
    ...filled({ code, detail, ...source }),
    known,
    moments: lines.map(toMoment),
  };
}

async function ofCredential(username: string, { accountId, visibleIds, ports }: Reader, nowMs: number) {
  const standing: CredentialStanding | undefined = await ports.credentials.standing({
    accountId,
    username,
    visibleIds,
  });
  if (standing === undefined) return undefined;
  const { known, withoutNames } = knownTo(visibleIds, standing.known);
  const { refusal, partly, prefixIds } = standing;
  const told = refusal ?? partly;
  const source = {
    rule: told?.rule,
    level: told?.level === undefined ? undefined : withoutNames(told.level),
  };
  const lines = await ports.log.linesOfCredential({ accountId, prefixIds, limit: LINE_COUNT_MAX });
  return {
    subject: username,
    kind: 'credential' as const,
    decision: refusal === undefined ? ('allowed' as const) : ('refused' as const),
    at: new Date(nowMs).toISOString(),
    accountId: standing.accountId,
    operation: 'credential',
    actor: { id: prefixIds.at(-1) ?? '', name: standing.name },
    ...pageOfCode(ports, told?.code, { ...source, detail: told?.detail }),
    ...(refusal === undefined && partly !== undefined
      ? { title: 'Nodes of one service do not take it.' }
      : {}),
    ...filled({
      code: told?.code,
      detail: refusal
        ? withoutNames(refusal.detail)
        : partly && `${partly.service} does not take it: ${withoutNames(partly.detail)}`,
      ...source,
    }),
    known,
    moments: lines.map(toMoment),
  };
}

export const handlers: DomainHandlers<typeof decisions, DecisionsPorts> = {
  why: {
    async list({ entity, visibleIds = [entity.accountId] }, page, { log }) {
      const { items, nextCursor } = await log.listRefused({ accountId: entity.accountId, ...page });
      return {
        ...filled({ nextCursor }),
        items: items.map(
          ({ atMs, known, detail, requestId, accountId, actorId, actorName, operation, code, status }) => ({
            requestId,
            accountId,
            actorId,
            actorName,
            operation,
            code,
            status,
            at: new Date(atMs).toISOString(),
            detail: knownTo(visibleIds, known).withoutNames(detail),
          }),
        ),
      };
    },

    async get(context, { subject }, ports) {
      const { accountId } = context.entity;
      const reader: Reader = { accountId, visibleIds: context.visibleIds ?? [accountId], ports };
      const found = isId('req', subject)
        ? await ofRequest(subject, reader)
        : isId('ses', subject)
          ? await ofSession(subject, reader)
          : await ofCredential(subject, reader, context.nowMs());
      if (found !== undefined) return found;
      throw context.error('resource.unknown', unknownText(subject));
    },
  },
};

/** Why nothing is found, which is the same for what there is not and for what is out of reach (C1). */
function unknownText(subject: string): string {
  if (isId('req', subject))
    return `Of request ${subject} nothing is kept here: only refused ones and those that changed something are, for a time.`;
  if (isId('ses', subject)) return `This account has no session ${subject}.`;
  return 'This is no request, no session, and no username that a key of this account minted.';
}
