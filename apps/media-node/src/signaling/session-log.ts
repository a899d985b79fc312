import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import type {
  SessionEvent,
  SessionEventDataOf,
  SessionEventType,
  UsageQuantity,
  UsageRecord,
} from './platform.ts';
import type { Leg, Session } from './session.ts';

/** Whom a line is about: a leg, or the device that would be one. */
export type LoggedLeg = Pick<Leg, 'legId'> & { readonly client: Pick<Leg['client'], 'principal'> };

/** The next line of a session's log. */
export function nextEvent<Type extends SessionEventType>(
  session: Session,
  atMs: number,
  line: { readonly type: Type; readonly leg?: LoggedLeg; readonly data: SessionEventDataOf<Type> },
): SessionEvent {
  const { accountId, applicationId } = session.caller.client.principal;
  session.logSequence += 1;
  const event = {
    type: line.type,
    sessionId: session.sessionId,
    sequence: session.logSequence,
    atMs,
    accountId,
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(line.leg === undefined
      ? {}
      : { legId: line.leg.legId, legAccountId: line.leg.client.principal.accountId }),
    data: line.data,
  };
  return event as SessionEvent;
}

interface UsageOf {
  readonly session: Session;
  readonly leg: Leg;
  readonly region: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export function usageRecord(
  { session, leg, region, fromMs, toMs }: UsageOf,
  quantities: readonly UsageQuantity[],
): UsageRecord {
  const { accountId, applicationId, identity, credentialId } = leg.client.principal;
  return {
    accountId,
    ...(applicationId === undefined ? {} : { applicationId }),
    endpointId: userEndpointId(identity),
    credentialId,
    sessionId: session.sessionId,
    segment: session.segment,
    service: 'signaling',
    region,
    modality: session.segmentModality,
    fromMs,
    toMs,
    quantities,
  };
}

export function countOf(meter: 'messages' | 'connectedMs', quantity: number): readonly UsageQuantity[] {
  return quantity === 0 ? [] : [{ meter, quantity, dimensions: { transport: 'websocket' } }];
}
