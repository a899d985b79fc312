import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import type {
  SessionEvent,
  SessionEventDataOf,
  SessionEventType,
  UsageQuantity,
  UsageRecord,
} from './platform.ts';
import type { Principal } from './principal.ts';
import type { Leg, Session } from './session.ts';

/** Whom a line is about: a leg, or the device that would be one. */
export interface LoggedLeg {
  readonly legId: string;
  readonly client: { readonly principal: { readonly accountId: string } };
}

/** What numbers the lines of a log, and says whose it is. */
export interface LoggedSession {
  readonly sessionId: string;
  logSequence: number;
  readonly caller: {
    readonly client: {
      readonly principal: Pick<Principal, 'accountId' | 'applicationId' | 'instanceType'>;
    };
  };
}

export interface LogLine<Type extends SessionEventType> {
  readonly type: Type;
  readonly leg?: LoggedLeg;
  /** Whose line it is, where no leg says so. */
  readonly legAccountId?: string;
  readonly data: SessionEventDataOf<Type>;
}

/** The next line of a session's log. */
export function nextEvent<Type extends SessionEventType>(
  session: LoggedSession,
  atMs: number,
  line: LogLine<Type>,
): SessionEvent {
  const { accountId, applicationId, instanceType } = session.caller.client.principal;
  session.logSequence += 1;
  const event = {
    type: line.type,
    sessionId: session.sessionId,
    sequence: session.logSequence,
    atMs,
    accountId,
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(line.leg === undefined
      ? line.legAccountId === undefined
        ? {}
        : { legAccountId: line.legAccountId }
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
    // A leg of the platform's own has none.
    ...(credentialId === '' ? {} : { credentialId }),
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

export function countOf(
  meter: 'messages' | 'connectedMs' | 'mediaMs',
  quantity: number,
): readonly UsageQuantity[] {
  return quantity === 0 ? [] : [{ meter, quantity, dimensions: { transport: 'websocket' } }];
}
