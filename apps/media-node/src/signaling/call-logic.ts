import {
  advance,
  type DialStatus,
  type LogicEffect,
  type LogicInput,
  type LogicOutcome,
  type LogicStep,
  nextDeadlineMs,
  startRun,
} from '@patchbay/domain/logic/interpreter';
import type { LogicSession } from '@patchbay/domain/logic/logic-request';
import type { SoundOrder } from '@patchbay/domain/logic/sound-order';
import { ringPlan } from '@patchbay/domain/presence/ringing';
import type { SignalingEndingCode as EndingCode } from '@patchbay/protocol/signaling/codes';
import {
  type EndReason,
  messageCharactersMax,
  type ServerMessage,
} from '@patchbay/protocol/signaling/messages';
import { printable } from '@patchbay/protocol/signaling/shape';
import type { Client, ClientTable } from './clients.ts';
import type { CalledUser } from './peer-words.ts';
import type { LogicAnswer, LogicRequest, SessionEventType } from './platform.ts';
import type { Reasons } from './reasons.ts';
import type { Session } from './session.ts';
import type { LogLine } from './session-log.ts';
import type { SessionLogic } from './session-logic.ts';

export interface CallLogicPorts {
  readonly clients: ClientTable;
  readonly reasons: Reasons;
  newId(prefix: 'leg'): string;
  /** Answered with {@link CallLogic.fetched}. */
  ask(sessionId: string, request: LogicRequest): void;
  send(client: Client, message: ServerMessage): void;
  changed(session: Session): void;
  log<Type extends SessionEventType>(session: Session, atMs: number, line: LogLine<Type>): void;
  /** Goes on when the devices of those that are called are known, wherever they are connected. */
  locate(called: readonly CalledUser[], nowMs: number, goOn: (nowMs: number) => void): void;
  isLive(session: Session): boolean;
  canRing(session: Session, device: Client): boolean;
  ring(session: Session, device: Client, legId: string): void;
  stopRinging(session: Session, device: Client, code: EndingCode): void;
  /** Answered with {@link CallLogic.feed}. */
  answer(session: Session, nowMs: number): void;
  sound(session: Session, number: number, order: SoundOrder): void;
  announceTrigger(session: Session, nowMs: number): void;
  end(session: Session, reason: EndReason, nowMs: number): void;
}

/** As long as frames and lines of a log take them: a document says what it likes. */
const DETAIL_CHARACTERS_MAX = 500;

/** Carries out what the logic of a called endpoint says: the effects of the interpreter, on a session that waits for an answer. */
export class CallLogic {
  readonly #ports: CallLogicPorts;
  /** What this process waits for; what another one waited for is asked again. */
  readonly #asked = new Set<string>();

  constructor(ports: CallLogicPorts) {
    this.#ports = ports;
  }

  begin(
    session: Session,
    {
      accountId,
      accountPath,
      endpoint,
      url,
    }: Pick<SessionLogic, 'accountId' | 'accountPath' | 'endpoint'> & { readonly url: string },
    nowMs: number,
  ): void {
    const variables = {
      from: this.#callerSeenBy(session, accountId),
      to: endpoint,
      sessionId: session.sessionId,
    };
    const [run, effects] = startRun(url, variables, nowMs);
    session.logic = {
      accountId,
      ...(accountPath === undefined ? {} : { accountPath }),
      endpoint,
      run,
      legs: [],
      relay: {},
      triggers: [],
    };
    this.#log(session, nowMs, { type: 'logic.started', data: { endpoint } });
    this.#perform(session, [run, effects], nowMs);
  }

  fetched(session: Session, answer: LogicAnswer & { readonly documentNumber: number }, nowMs: number): void {
    // The call was sent on while it was asked for: that document is of no use any more.
    const isWanted = answer.documentNumber === session.logic?.run.documentCount;
    if (isWanted) this.#asked.delete(session.sessionId);
    for (const attempt of answer.attempts)
      this.#log(session, nowMs, { type: 'logic.fetched', data: attempt });
    if (!isWanted) return;
    this.feed(
      session,
      answer.ok
        ? { type: 'fetched', document: answer.document, url: answer.url }
        : { type: 'fetchFailed', failure: answer.failure, detail: answer.detail },
      nowMs,
    );
  }

  answered(session: Session, legId: string, nowMs: number): void {
    this.#leaveUnanswered(session, { except: legId, reason: 'signaling.answered_elsewhere' }, nowMs);
    this.feed(session, { type: 'answered' }, nowMs);
  }

  /** Nobody rings any more. False where no logic has a say in that. */
  unanswered(session: Session, status: DialStatus, nowMs: number): boolean {
    if (session.logic?.run.state !== 'dialling') return false;
    this.feed(session, { type: 'unanswered', status }, nowMs);
    return true;
  }

  /** False for a session that logic has no say in, or not any more. */
  tick(session: Session, nowMs: number): boolean {
    const { logic, startedAtMs } = session;
    if (logic === undefined) return false;
    if (startedAtMs !== undefined) this.#fireTriggers(session, logic, nowMs - startedAtMs);
    const { state } = logic.run;
    if (state === 'connected' || state === 'ended') return false;
    const isAsked = this.#asked.has(session.sessionId);
    if (state === 'fetching' && !isAsked) this.#ask(session, logic);
    else if (state === 'answering' && !isAsked) this.#answer(session, nowMs);
    if (nowMs >= (nextDeadlineMs(logic.run) ?? Number.POSITIVE_INFINITY))
      this.feed(session, { type: 'elapsed' }, nowMs);
    return startedAtMs === undefined;
  }

  /** The session is over: what is asked for it is not waited for. */
  ended(session: Session, nowMs: number): void {
    this.#asked.delete(session.sessionId);
    this.#leaveUnanswered(session, { except: session.callee?.legId, reason: 'signaling.cancelled' }, nowMs);
  }

  #answer(session: Session, nowMs: number): void {
    this.#asked.add(session.sessionId);
    this.#ports.answer(session, nowMs);
  }

  /** Goes on with what came of something. */
  feed(session: Session, input: LogicInput, nowMs: number): void {
    if (input.type === 'selfAnswered' || input.type === 'selfRefused') this.#asked.delete(session.sessionId);
    const { logic } = session;
    if (logic !== undefined) this.#perform(session, advance(logic.run, input, nowMs), nowMs);
  }

  #perform(session: Session, [run, effects]: LogicStep, nowMs: number): void {
    const { logic } = session;
    if (logic === undefined) return;
    logic.run = run;
    this.#ports.changed(session);
    let dialled: readonly string[] | undefined;
    for (const effect of effects) {
      if (effect.type === 'ring') dialled = effect.endpoints;
      else this.#carryOut(session, logic, { effect, nowMs });
    }
    if (dialled !== undefined) this.#dial(session, logic, { endpoints: dialled, run, nowMs });
  }

  #carryOut(
    session: Session,
    logic: SessionLogic,
    { effect, nowMs }: { readonly effect: Exclude<LogicEffect, { type: 'ring' }>; readonly nowMs: number },
  ): void {
    switch (effect.type) {
      case 'step': {
        const { type: _type, ...step } = effect;
        const data = { ...step, detail: printable(step.detail, DETAIL_CHARACTERS_MAX) };
        this.#log(session, nowMs, { type: 'logic.step', data });
        break;
      }
      case 'fetch':
        this.#ask(session, logic);
        break;
      case 'answer':
        this.#answer(session, nowMs);
        break;
      case 'sound':
        this.#ports.sound(session, effect.number, effect.order);
        break;
      case 'stopRinging':
        for (const device of [...session.ringing])
          this.#ports.stopRinging(session, device, 'signaling.no_answer');
        break;
      case 'message':
        this.#message(session, logic, {
          to: effect.to,
          text: printable(effect.text, messageCharactersMax),
          nowMs,
        });
        break;
      case 'relay': {
        const { type: _type, ...rule } = effect;
        logic.relay = { ...logic.relay, ...rule };
        if (rule.use === 'only') session.callMode = 'relay';
        break;
      }
      case 'trigger':
        logic.triggers = [
          ...logic.triggers,
          { seconds: effect.seconds, action: effect.action, hasFired: false },
        ];
        break;
      case 'end':
        this.#end(session, effect.outcome, nowMs);
        break;
    }
  }

  #ask(session: Session, { accountId, endpoint, run }: SessionLogic): void {
    this.#asked.add(session.sessionId);
    const said: LogicSession = {
      id: session.sessionId,
      endpoint,
      caller: this.#callerSeenBy(session, accountId),
      media: session.caller.media,
      createdAt: new Date(session.createdAtMs).toISOString(),
      documentNumber: run.documentCount,
      ...(run.isAnswered ? { isAnswered: true } : {}),
    };
    this.#ports.ask(session.sessionId, { accountId, url: run.url, session: said, variables: run.variables });
  }

  #dial(
    session: Session,
    logic: SessionLogic,
    {
      endpoints,
      run,
      nowMs,
    }: { readonly endpoints: readonly string[]; readonly run: SessionLogic['run']; readonly nowMs: number },
  ): void {
    const called = endpoints.flatMap((endpoint) => calledUser(endpoint, logic.accountId) ?? []);
    this.#ports.locate(called, nowMs, (atMs) => {
      // The logic may have gone on to something else while it was asked.
      if (!this.#ports.isLive(session) || session.logic?.run !== run) return;
      if (this.#ring(session, logic, { endpoints, nowMs: atMs }) === 0)
        this.feed(session, { type: 'unanswered', status: 'unreachable' }, atMs);
    });
  }

  /** How many devices ring now. */
  #ring(
    session: Session,
    logic: SessionLogic,
    { endpoints, nowMs }: { readonly endpoints: readonly string[]; readonly nowMs: number },
  ): number {
    this.#leaveUnanswered(session, { except: undefined, reason: 'signaling.no_answer' }, nowMs);
    let count = 0;
    for (const endpoint of new Set(endpoints)) {
      const found = this.#devicesOf(session, logic, endpoint);
      // Of the settings of the endpoint which devices ring counts; when they do is a matter of the document.
      const devices = ringPlan(found, found[0]?.principal.limits.ringing)
        .turns.flat()
        .filter((device) => !session.ringing.has(device));
      const [first] = devices;
      if (first === undefined) continue;
      const legId = this.#ports.newId('leg');
      const { accountId, identity } = first.principal;
      const connectionIds = devices.map(({ connectionId }) => connectionId);
      logic.legs = [...logic.legs, { legId, accountId, connectionIds }];
      this.#ports.log(session, nowMs, {
        type: 'leg.ringing',
        leg: { legId, client: first },
        data: { identity },
      });
      for (const device of devices) this.#ports.ring(session, device, legId);
      count += devices.length;
    }
    return count;
  }

  /** Of an endpoint of the logic's own account, or of one below it that the caller might have called as well (C34, LIV-0). */
  #devicesOf(session: Session, logic: SessionLogic, endpoint: string): readonly Client[] {
    const caller = session.caller.client.principal;
    const called = calledUser(endpoint, logic.accountId);
    if (called === undefined) return [];
    return this.#ports.clients.ofIdentity(called.accountId, called.identity).filter((device) => {
      const { accountId, accountPath } = device.principal;
      const isWithin = accountPath.includes(logic.accountId);
      const isRelated = caller.accountPath.includes(accountId) || accountPath.includes(caller.accountId);
      return isWithin && isRelated && this.#ports.canRing(session, device);
    });
  }

  #message(
    session: Session,
    logic: SessionLogic,
    { text, to, nowMs }: { readonly text: string; readonly to: string | undefined; readonly nowMs: number },
  ): void {
    const { sessionId } = session;
    if (to === undefined) {
      this.#ports.send(session.caller.client, { type: 'message', sessionId, text });
      return;
    }
    const called = calledUser(to, logic.accountId);
    this.#ports.locate(called === undefined ? [] : [called], nowMs, () => {
      for (const device of this.#devicesOf(session, logic, to))
        this.#ports.send(device, { type: 'message', text });
    });
  }

  #leaveUnanswered(
    session: Session,
    { except, reason }: { readonly except: string | undefined; readonly reason: EndingCode },
    nowMs: number,
  ): void {
    const { logic } = session;
    if (logic === undefined) return;
    for (const { legId, accountId } of logic.legs) {
      if (legId === except) continue;
      const leg = { legId, client: { principal: { accountId } } };
      this.#ports.log(session, nowMs, { type: 'leg.left', leg, data: { reason } });
    }
    logic.legs = [];
  }

  #fireTriggers(session: Session, { triggers }: SessionLogic, lastedMs: number): void {
    for (const trigger of triggers) {
      if (trigger.hasFired || lastedMs < trigger.seconds * 1_000) continue;
      trigger.hasFired = true;
      this.#ports.changed(session);
      const nowMs = (session.startedAtMs ?? 0) + lastedMs;
      if (trigger.action === 'notify') this.#ports.announceTrigger(session, nowMs);
      else {
        const detail = `The logic of the called endpoint ends it after ${trigger.seconds} seconds.`;
        this.#ports.end(session, this.#ports.reasons.ending('signaling.logic_ended', detail), nowMs);
        return;
      }
    }
  }

  #end(session: Session, outcome: LogicOutcome, nowMs: number): void {
    const code = endingOf(outcome);
    const said =
      outcome.kind === 'failed' ? outcome.detail : outcome.kind === 'done' ? undefined : outcome.reason;
    const detail = said === undefined ? undefined : printable(said, DETAIL_CHARACTERS_MAX);
    this.#log(session, nowMs, {
      type: 'logic.ended',
      data: { outcome: outcome.kind, code, ...(detail === undefined ? {} : { detail }) },
    });
    // What is wrong with a document is for its account, in its log; the caller hears that it is wrong.
    const told = outcome.kind === 'hungUp' ? detail : undefined;
    this.#ports.end(session, this.#ports.reasons.ending(code, told), nowMs);
  }

  #callerSeenBy(session: Session, accountId: string): string {
    const { principal } = session.caller.client;
    return `user:${principal.identity}${principal.accountId === accountId ? '' : `@${principal.accountId}`}`;
  }

  /** What logic does is told to the account whose logic it is, and to no other (LIV-0). */
  #log<Type extends 'logic.started' | 'logic.fetched' | 'logic.step' | 'logic.ended'>(
    session: Session,
    nowMs: number,
    line: LogLine<Type>,
  ): void {
    const legAccountId = session.logic?.accountId;
    this.#ports.log(session, nowMs, { ...line, ...(legAccountId === undefined ? {} : { legAccountId }) });
  }
}

function endingOf(outcome: LogicOutcome): EndingCode {
  switch (outcome.kind) {
    case 'hungUp':
      return 'signaling.logic_ended';
    case 'rejected':
      return outcome.reason === 'busy' ? 'signaling.busy' : 'signaling.rejected';
    case 'done':
      return 'signaling.no_answer';
    case 'failed':
      return `signaling.logic_${outcome.failure}`;
  }
}

/** `user:bob` is the account's own; `user:bob@acc_…` is another's. Undefined for what is no user. */
export function calledUser(
  endpoint: string,
  ownAccountId: string,
): { readonly accountId: string; readonly identity: string } | undefined {
  if (!endpoint.startsWith('user:')) return undefined;
  const name = endpoint.slice('user:'.length);
  const match = /^(.+)@(acc_[A-Za-z0-9]+)$/.exec(name);
  return { identity: match?.[1] ?? name, accountId: match?.[2] ?? ownAccountId };
}

/** The leg of whoever rings, where logic gave it one of its own. */
export const dialledLegId = (session: Session, { connectionId }: Client): string | undefined =>
  session.logic?.legs.find(({ connectionIds }) => connectionIds.includes(connectionId))?.legId;
