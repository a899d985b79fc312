import { ServiceError } from '@patchbay/kit/errors';
import type { ControlAnswer, ControlRefusal, SessionChange } from './control.ts';
import type { SessionRecord, SessionsPorts } from './ports.ts';

/** How soon whoever found its node away may ask again. */
const RETRY_AFTER_MS = 1_000;

type OrderErrorCode =
  | 'sessions.ended'
  | 'sessions.not_live'
  | 'sessions.not_a_call'
  | 'sessions.party_unable'
  | 'sessions.node_away'
  | 'resource.unknown';

export interface RefusedOrder {
  readonly code: OrderErrorCode;
  readonly detail: string;
}

/** Who asks for an order. */
export interface Asking {
  readonly entity: { readonly accountId: string };
  readonly actorName?: string | undefined;
  readonly visibleIds?: readonly string[] | undefined;
}

/** Who is told why it is not carried out. */
export interface Refusing {
  error(code: OrderErrorCode, publicDetail: string): ServiceError;
}

interface Order {
  readonly sessionId: string;
  readonly change: SessionChange;
}

/** Orders can be given about a call that runs, and about nothing else. */
export function whyNoOrder({ kind, state }: Pick<SessionRecord, 'kind' | 'state'>): RefusedOrder | undefined {
  if (kind === 'relay')
    return { code: 'sessions.not_a_call', detail: 'It is a relay without a call, which can only be ended.' };
  if (state === 'ended') return { code: 'sessions.ended', detail: 'The session has ended already.' };
  return undefined;
}

export function refuseUnlessRunning(context: Refusing, session: Pick<SessionRecord, 'kind' | 'state'>): void {
  const refused = whyNoOrder(session);
  if (refused !== undefined) throw context.error(refused.code, refused.detail);
}

/** What the node that holds the session says. Undefined: none does. */
export function askNode(
  { entity, actorName = 'the platform', visibleIds: [topmost] = [] }: Asking,
  { sessionId, change }: Order,
  ports: SessionsPorts,
): Promise<ControlAnswer | undefined> {
  const by = { name: actorName.slice(0, 200), ...(topmost === undefined ? {} : { accountId: topmost }) };
  return ports.commands.order({ sessionId, accountId: entity.accountId, by, change });
}

/** What the node that holds the session says; throws where none does. */
export async function giveOrder(
  context: Asking & Refusing,
  order: Order,
  ports: SessionsPorts,
): Promise<ControlAnswer> {
  const answer = await askNode(context, order, ports);
  if (answer !== undefined) return answer;
  const { fields } = context.error(nodeAway.code, nodeAway.detail);
  throw new ServiceError({ ...fields, retryAfterMs: RETRY_AFTER_MS });
}

export const nodeAway: RefusedOrder = {
  code: 'sessions.node_away',
  detail: 'Nothing was heard of whether it was done.',
};

/** A refusal of a node, as a request is told it: what it may not know of, or cannot ask for, is not there for it. */
export const codeOf: Readonly<Record<ControlRefusal, OrderErrorCode>> = {
  foreign: 'resource.unknown',
  leg_unknown: 'resource.unknown',
  no_logic: 'resource.unknown',
  unreachable: 'resource.unknown',
  mode_unavailable: 'resource.unknown',
  not_live: 'sessions.not_live',
  party_unable: 'sessions.party_unable',
};
