import { type Ringing, ringPlan } from '@patchbay/domain/presence/ringing';
import type { ClientMessageOf, Problem } from '@patchbay/protocol/signaling/messages';
import { calledUser } from './call-logic.ts';
import type { CallPorts } from './call-ports.ts';
import type { Client } from './clients.ts';
import { type CallRefusal, featureRefusal, mediaRefusal, participantsRefusal } from './party-rules.ts';
import type { CalledUser } from './peer-words.ts';
import type { ClaimAnswer, FoundLogic } from './platform.ts';
import type { RefusedCalls } from './refused-calls.ts';

export const sessionsPerClientMax = 16;
export const PARTIES_OF_CALL = 2;

export interface CallPlacingPorts
  extends Pick<CallPorts, 'clients' | 'reasons' | 'newId' | 'findLogic' | 'claim' | 'release' | 'send'> {
  readonly refusedCalls: RefusedCalls;
  isDraining(): boolean;
  /** Goes on when the devices of those that are called are known, wherever they are connected. */
  locate(called: readonly CalledUser[], nowMs: number, goOn: (nowMs: number) => void): void;
  begin(placing: Placing, target: CallTarget | undefined, nowMs: number): void;
  /** What was asked with {@link CallPlacing.claimAnswer}. */
  answerClaimed(
    client: Client,
    answer: {
      readonly frame: ClientMessageOf<'accept'>;
      readonly refused: CallRefusal | undefined;
      readonly nowMs: number;
    },
  ): void;
}

/** A call is placed: whether it may begin, what decides about it, and whom it reaches. */
export class CallPlacing {
  readonly #ports: CallPlacingPorts;
  /** What waits to be counted over all nodes, by what was asked with. */
  readonly #claiming = new Map<string, Claiming>();
  /** Calls of which it is asked whether logic decides about them. */
  readonly #lookingUp = new Map<string, Placing>();

  constructor(ports: CallPlacingPorts) {
    this.#ports = ports;
  }

  place(client: Client, frame: ClientMessageOf<'call'>, nowMs: number): void {
    if (client.principal.limits.hasLogicNear !== true) {
      this.#placeDirect({ client, frame, sessionId: this.#ports.newId('ses') }, nowMs);
      return;
    }
    const refused = this.#refusalOfCaller(client, frame);
    if (refused !== undefined) {
      this.#refuseCall(client, frame, { ...refused, nowMs });
      return;
    }
    const sessionId = this.#ports.newId('ses');
    this.#lookingUp.set(sessionId, { client, frame, sessionId });
    const { accountId } = client.principal;
    this.#ports.findLogic(sessionId, { callerAccountId: accountId, ...calledEndpoint(frame.to, accountId) });
  }

  /** Whether logic decides about a call. The world may be another than it was when it was asked. */
  logicFound(sessionId: string, found: FoundLogic, nowMs: number): void {
    const placing = this.#lookingUp.get(sessionId);
    if (placing === undefined) return;
    this.#lookingUp.delete(sessionId);
    const { client, frame } = placing;
    if (this.#ports.clients.byConnection(client.connectionId) !== client) return;
    const refuse = (refused: CallRefusal) => this.#refuseCall(client, frame, { ...refused, nowMs });
    if (found.standing === 'none') this.#placeDirect(placing, nowMs);
    else if (found.standing === 'unrelated') refuse(ofAnotherAccount);
    else if (found.standing === 'away')
      refuse({
        refusal: 'platform.unavailable',
        detail: 'What decides about this call cannot be asked now.',
      });
    else if (found.standing === 'found') {
      const called = calledEndpoint(frame.to, client.principal.accountId);
      const { url, accountPath = [called.accountId] } = found;
      const logic = { ...called, url, accountPath };
      const refused = this.#refusalOfCaller(client, frame);
      if (refused !== undefined) refuse(refused);
      else this.#claimOrBegin({ ...placing, logic }, nowMs);
    }
  }

  #placeDirect(placing: Placing, nowMs: number): void {
    const { client, frame, sessionId } = placing;
    const refused = this.#refusalOfCaller(client, frame);
    if (refused !== undefined) {
      this.#refuseCall(client, frame, { ...refused, nowMs });
      return;
    }
    const called = calledUser(frame.to, client.principal.accountId);
    this.#lookingUp.set(sessionId, placing);
    this.#ports.locate(called === undefined ? [] : [called], nowMs, (atMs) => {
      this.#lookingUp.delete(sessionId);
      // The world may be another than it was when it was asked.
      if (this.#ports.clients.byConnection(client.connectionId) === client) this.#placeLocated(placing, atMs);
    });
  }

  #placeLocated(placing: Placing, nowMs: number): void {
    const { client, frame } = placing;
    const target = this.#admitCall(client, frame);
    if ('refusal' in target) this.#refuseCall(client, frame, { ...target, nowMs });
    else this.#claimOrBegin(placing, nowMs, target);
  }

  #claimOrBegin(placing: Placing, nowMs: number, target?: CallTarget): void {
    const { client, sessionId } = placing;
    if (client.principal.limits.isCounted !== true) {
      this.#ports.begin(placing, target, nowMs);
      return;
    }
    this.#claiming.set(sessionId, placing);
    this.#ports.claim(sessionId, { sessionId, principal: client.principal, isRunning: false });
  }

  /** The answer to a claim: the world may be another than it was when it was asked. */
  claimed(claimId: string, answer: ClaimAnswer, nowMs: number): void {
    const claiming = this.#claiming.get(claimId);
    if (claiming === undefined) return;
    this.#claiming.delete(claimId);
    const { client, frame, sessionId } = claiming;
    const isHere = this.#ports.clients.byConnection(client.connectionId) === client;
    const refused = answer.ok ? undefined : { refusal: answer.code, detail: answer.detail };
    if (frame.type === 'accept') {
      if (!isHere) return;
      this.#ports.answerClaimed(client, { frame, refused, nowMs });
      return;
    }
    if (refused !== undefined) {
      if (isHere) this.#refuseCall(client, frame, { ...refused, nowMs });
      return;
    }
    const { logic } = claiming;
    const target =
      logic === undefined ? this.#admitCall(client, frame) : this.#refusalOfCaller(client, frame);
    if (!isHere || (target !== undefined && 'refusal' in target)) {
      this.#ports.release(sessionId);
      if (isHere && target !== undefined && 'refusal' in target)
        this.#refuseCall(client, frame, { ...target, nowMs });
      return;
    }
    this.#ports.begin({ client, frame, sessionId, logic }, target, nowMs);
  }

  /** Asks whether a device may answer, where that is counted. Its own account is decided by itself (LIV-0). */
  claimAnswer(client: Client, frame: ClientMessageOf<'accept'>): void {
    const { sessionId } = frame;
    const claimId = `${sessionId} ${client.connectionId}`;
    if (this.#claiming.has(claimId)) return;
    this.#claiming.set(claimId, { client, frame, sessionId });
    this.#ports.claim(claimId, { sessionId, principal: client.principal, isRunning: false });
  }

  #refuseCall(
    client: Client,
    frame: ClientMessageOf<'call'>,
    { refusal, detail, nowMs }: CallRefusal & { readonly nowMs: number },
  ): void {
    const problem: Problem = this.#ports.reasons.problem(refusal, detail);
    this.#ports.send(client, { type: 'refused', requestId: frame.requestId, problem });
    this.#ports.refusedCalls.record(client, frame, { code: refusal, problem, nowMs });
  }

  #admitCall(client: Client, frame: ClientMessageOf<'call'>): CallTarget | CallRefusal {
    const refused = this.#refusalOfCaller(client, frame);
    if (refused !== undefined) return refused;
    const called = calledUser(frame.to, client.principal.accountId);
    return called === undefined
      ? { refusal: 'signaling.namespace_unsupported' }
      : this.#findDevices(client, { ...called, asked: frame.devices });
  }

  /** Why whoever calls may not, whomever they call. */
  #refusalOfCaller(client: Client, frame: ClientMessageOf<'call'>): CallRefusal | undefined {
    const { limits } = client.principal;
    if (this.#ports.isDraining()) return { refusal: 'signaling.draining' };
    if (client.sessionIds.size + this.#claimingCountOf(client) >= sessionsPerClientMax)
      return { refusal: 'signaling.too_many_sessions' };
    if (limits.sessionId !== undefined) return { refusal: 'credential.session_not_allowed' };
    return (
      featureRefusal(limits, 'place-calls') ??
      participantsRefusal(limits, PARTIES_OF_CALL) ??
      mediaRefusal(limits, frame.media)
    );
  }

  /** Whom a call of this client would reach now. */
  reach(client: Client, to: string): CallTarget | undefined {
    const called = calledUser(to, client.principal.accountId);
    if (called === undefined) return undefined;
    const found = this.#findDevices(client, called);
    return 'refusal' in found ? undefined : found;
  }

  /** `bob` is the caller's own account's; `bob@acc_…` is another's, which has to be above or below it. */
  #findDevices(
    client: Client,
    { identity, accountId, asked }: CalledUser & { readonly asked?: Ringing | undefined },
  ): CallTarget | CallRefusal {
    const own = client.principal;
    const devices = this.#ports.clients
      .ofIdentity(accountId, identity)
      .filter((device) => device !== client && device.sessionIds.size < sessionsPerClientMax)
      .filter(({ principal: { limits } }) => featureRefusal(limits, 'answer-calls') === undefined);
    const isAbove = own.accountPath.includes(accountId);
    const related = isAbove
      ? devices
      : devices.filter((device) => device.principal.accountPath.includes(own.accountId));
    if (related.length > 0) return this.#planOf(identity, related, asked);
    // Whether an unrelated account has such an endpoint is not for this caller to learn.
    return isAbove
      ? { refusal: 'signaling.endpoint_unavailable', detail: `No device of user:${identity} is connected.` }
      : ofAnotherAccount;
  }

  /** The settings of the endpoint are the same for all of its devices: what holds for the one that came last is newest. */
  #planOf(
    identity: string,
    devices: readonly Client[],
    asked: Ringing | undefined,
  ): CallTarget | CallRefusal {
    const newest = devices.toSorted((one, other) => other.sinceMs - one.sinceMs);
    const { turns, turnMs } = ringPlan(newest, newest[0]?.principal.limits.ringing, asked);
    if (turns.length > 0) return { identity, devices: turns.flat(), turns, turnMs };
    const detail = `No device of user:${identity} that may ring for this call is connected.`;
    return { refusal: 'signaling.endpoint_unavailable', detail };
  }

  #claimingCountOf(client: Client): number {
    let count = 0;
    for (const claiming of this.#claiming.values()) if (claiming.client === client) count++;
    for (const placing of this.#lookingUp.values()) if (placing.client === client) count++;
    return count;
  }
}

export interface CallTarget {
  readonly identity: string;
  /** All of them. */
  readonly devices: readonly Client[];
  /** Those that ring together, turn after turn. */
  readonly turns: readonly (readonly Client[])[];
  readonly turnMs: number;
}

/** A call on its way to begin. */
export interface Placing {
  readonly client: Client;
  readonly frame: ClientMessageOf<'call'>;
  readonly sessionId: string;
  /** That decides about it. */
  readonly logic?:
    | {
        readonly accountId: string;
        readonly accountPath: readonly string[];
        readonly endpoint: string;
        readonly url: string;
      }
    | undefined;
}

interface Claiming extends Omit<Placing, 'frame'> {
  readonly frame: ClientMessageOf<'call'> | ClientMessageOf<'accept'>;
}

const ofAnotherAccount = {
  refusal: 'signaling.other_account',
  detail: 'A call stays within one account, its parents and its children.',
} as const satisfies CallRefusal;

/** Of an endpoint in another namespace the name is the caller's own account's. */
function calledEndpoint(
  to: string,
  ownAccountId: string,
): { readonly accountId: string; readonly endpoint: string } {
  const user = calledUser(to, ownAccountId);
  return user === undefined
    ? { accountId: ownAccountId, endpoint: to }
    : { accountId: user.accountId, endpoint: `user:${user.identity}` };
}
