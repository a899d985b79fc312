import type { Action, Condition, Counter, RequestedAction, ToldAction } from './definition.ts';

/** What is counted: all of an account, or one thing of it. */
export interface Target {
  readonly accountId: string;
  readonly scope: 'own' | 'descendants';
  readonly applicationId?: string | undefined;
  readonly endpointId?: string | undefined;
  readonly credentialId?: string | undefined;
  readonly sessionId?: string | undefined;
}

/** What a trigger may hold to something. */
export type HeldTarget = Pick<Target, 'accountId' | 'applicationId' | 'endpointId' | 'credentialId'>;

/** What the account of a target is told, as `policy.changed`, when a trigger holds it to something or no longer does. */
export const heldPlace = ({ accountId, applicationId, endpointId, credentialId }: HeldTarget) => ({
  accountId,
  ...(applicationId === undefined ? {} : { applicationId }),
  ...(endpointId === undefined ? {} : { endpoint: endpointId }),
  ...(credentialId === undefined ? {} : { credentialId }),
});

/** A trigger as it was set. */
export interface TriggerRule {
  readonly id: string;
  /** Who set it. */
  readonly accountId: string;
  readonly name: string;
  readonly counter: Counter;
  readonly target: Target;
  readonly condition: Condition;
  readonly action: Action;
  readonly isEnabled: boolean;
  readonly isShown: boolean;
  readonly timeZone: string;
}

/** What may change of what a trigger counts, and within which windows. */
export type TriggerShape = Pick<TriggerRule, 'condition' | 'target' | 'timeZone'>;

/**
 * Whether a trigger begins anew with a change: what was counted for another target, or in other windows, says nothing of these. A
 * limit is only held against what was counted, so that alone leaves the counter as it is.
 */
export function beginsAnew(
  before: Pick<TriggerShape, 'condition' | 'target'>,
  after: Pick<TriggerShape, 'condition' | 'target'>,
): boolean {
  return windowsOf(before.condition) !== windowsOf(after.condition) || isOther(before.target, after.target);
}

function windowsOf(condition: Condition): string {
  switch (condition.kind) {
    case 'threshold':
      return condition.kind;
    case 'recurring':
      return condition.per;
    case 'rate':
      return `${condition.seconds}`;
  }
}

const isOther = (one: Target, other: Target): boolean =>
  (['accountId', 'scope', 'applicationId', 'endpointId', 'credentialId', 'sessionId'] as const).some(
    (part) => one[part] !== other[part],
  );

/** What is done, for whoever does not see the account that set it: not whom it writes to, nor what it calls (PRD-2). */
export function withoutAddress(action: Action): ToldAction {
  switch (action.kind) {
    case 'email':
    case 'callback':
      return { kind: action.kind };
    case 'notify':
    case 'suspend':
    case 'endSessions':
    case 'throttle':
    case 'disableService':
    case 'disableFeature':
      return action;
  }
}

/** A trigger with what it counted. */
export interface TriggerRecord extends TriggerRule {
  readonly countedFrom: Date;
  /** In the window that runs. */
  readonly value: string;
  readonly windowStart: Date;
  readonly hasFired: boolean;
  readonly lastFiredAt: Date | undefined;
  readonly createdAt: Date;
}

export interface FiringRecord {
  readonly id: string;
  readonly triggerId: string;
  readonly firedAt: Date;
  readonly value: string;
  readonly limit: number;
  /** 1970 where there is only one window. */
  readonly windowStart: Date;
  readonly targetAccountId: string;
  readonly action: Action;
  readonly state: 'pending' | 'done' | 'skipped' | 'failed';
  readonly outcome: string | undefined;
}

/** Whether a target is an account, and nothing narrower. */
export const isWholeAccount = ({ applicationId, endpointId, credentialId, sessionId }: Target): boolean =>
  (applicationId ?? endpointId ?? credentialId ?? sessionId) === undefined;

/** What of its account a target is; nothing of a whole account. */
export const partOf = ({
  applicationId,
  endpointId,
  credentialId,
  sessionId,
}: Target): Readonly<Record<string, string>> => ({
  ...(applicationId === undefined ? {} : { applicationId }),
  ...(endpointId === undefined ? {} : { endpointId }),
  ...(credentialId === undefined ? {} : { credentialId }),
  ...(sessionId === undefined ? {} : { sessionId }),
});

/** Whether it is an endpoint or a credential, of which no configuration is told to nodes. */
export const isPartOfAccount = ({ endpointId, credentialId }: Target): boolean =>
  (endpointId ?? credentialId) !== undefined;

/** Whether an action holds its target to something, which has to be lifted. */
export const isHold = (action: Action): boolean => heldOf(action) !== undefined;

/** What an action holds its target to, as the audit log of the target has it. Undefined for one that holds nothing. */
export function heldOf(action: Action): Readonly<Record<string, unknown>> | undefined {
  switch (action.kind) {
    case 'throttle':
      return { bitsPerSecondMax: action.bitsPerSecondMax };
    case 'disableService':
      return { disabledService: action.service };
    case 'disableFeature':
      return { disabledFeature: action.feature };
    case 'notify':
    case 'email':
    case 'callback':
    case 'suspend':
    case 'endSessions':
      return undefined;
  }
}

interface Offered {
  /** Whether the target is the platform's own account. */
  readonly isPlatform: boolean;
  readonly serviceNames: readonly string[];
  readonly featureNames: readonly string[];
}

/** Why an action cannot be done to a target, or undefined. */
export function refuseAction(
  action: RequestedAction,
  target: Target,
  { isPlatform, serviceNames, featureNames }: Offered,
): string | undefined {
  const { applicationId, endpointId, credentialId, sessionId } = target;
  const holdsOne = [applicationId, endpointId, credentialId].filter((id) => id !== undefined).length <= 1;
  const refusedHold =
    sessionId === undefined && holdsOne
      ? undefined
      : 'An account is held, or one application, endpoint or credential: no session, and no two of them together.';
  switch (action.kind) {
    case 'suspend':
      if (!isWholeAccount(target)) return 'Only an account can be suspended.';
      return isPlatform ? "The platform's own account cannot be suspended." : undefined;
    case 'throttle':
      return refusedHold;
    case 'disableService':
      if (!serviceNames.includes(action.service))
        return `/action/service: ${action.service} is none of ${serviceNames.join(', ')}.`;
      return refusedHold;
    case 'disableFeature':
      if (!featureNames.includes(action.feature))
        return `/action/feature: ${action.feature} is none of ${featureNames.join(', ')}.`;
      return refusedHold;
    case 'endSessions':
      // It reaches sessions of accounts that nobody named.
      return action.nodeId === undefined ||
        (isPlatform && isWholeAccount(target) && target.scope === 'descendants')
        ? undefined
        : "The sessions of a node are ended for the platform's own account with all below it.";
    case 'callback':
    case 'notify':
    case 'email':
      return undefined;
  }
}
