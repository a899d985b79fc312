import { clientChannelShapes } from '@patchbay/protocol/signaling/channel-messages';
import type { SignalingEndingCode as EndingCode } from '@patchbay/protocol/signaling/codes';
import { type ClientFrame, closeCodes } from '@patchbay/protocol/signaling/messages';
import { sessionsPerClientMax } from './call-placing.ts';
import { Calls } from './calls.ts';
import { Channels } from './channels.ts';
import { type Client, ClientTable } from './clients.ts';
import { Connections } from './connections.ts';
import { FarDevices } from './far-devices.ts';
import { Guests } from './guests.ts';
import type { Action, Input, MachinePorts } from './machine-words.ts';
import type { CallRefusal } from './party-rules.ts';
import type { FarDevice } from './peer-words.ts';
import type { PlatformNotice, SessionSnapshot } from './platform.ts';
import { Presences } from './presences.ts';
import type { Principal } from './principal.ts';
import { Reasons } from './reasons.ts';
import { restoredClient, type SavedState, type StateChange } from './saved-state.ts';
import { StateChanges } from './state-changes.ts';

/**
 * Signaling without sockets, clock, randomness or keys: inputs and the time go in, actions come out. The shell does
 * what the actions say and decides nothing.
 */
export class SessionMachine {
  readonly #ports: MachinePorts;
  readonly #reasons: Reasons;
  readonly #clients = new ClientTable();
  readonly #connections: Connections;
  readonly #calls: Calls;
  readonly #channels: Channels;
  readonly #far: FarDevices;
  readonly #guests: Guests;
  readonly #presences: Presences;
  readonly #changes: StateChanges;
  #actions: Action[] = [];
  #nowMs = 0;
  /** What another process served before has to be told of as this one's. */
  #isToRegister = false;

  constructor(ports: MachinePorts) {
    this.#ports = ports;
    this.#reasons = new Reasons();
    this.#connections = new Connections({
      region: ports.region,
      lineage: ports.lineage,
      reasons: this.#reasons,
      clients: this.#clients,
      placeRelay: (sessionId) => ports.placeRelay(sessionId),
      newId: (prefix) => ports.newId(prefix),
      calls: () => this.#calls,
      channels: () => this.#channels,
      far: () => this.#far,
      guests: () => this.#guests,
      presences: () => this.#presences,
      changes: () => this.#changes,
      act: (action) => this.#actions.push(action),
      heard: (client, frame, at) => this.#dispatch(client, frame, at),
    });
    this.#calls = new Calls({
      region: ports.region,
      reasons: this.#reasons,
      clients: this.#clients,
      newId: (prefix) => ports.newId(prefix),
      placeRelay: (sessionId) => ports.placeRelay(sessionId),
      placeMedia: (preferred) => ports.placeMedia(preferred),
      toMedia: (nodeId, word) => this.#actions.push({ type: 'toMedia', nodeId, word }),
      claim: (claimId, claim) => this.#actions.push({ type: 'claim', claimId, claim }),
      findLogic: (sessionId, called) => this.#actions.push({ type: 'findLogic', sessionId, called }),
      fetchLogic: (sessionId, request) => this.#actions.push({ type: 'fetchLogic', sessionId, request }),
      release: (sessionId) => this.#actions.push({ type: 'release', sessionId }),
      locate: (called, at, goOn) => this.#far.locate(called, at, goOn),
      refuse: (client, refusal, sessionId) => this.#connections.refuse(client, refusal, sessionId),
      send: (client, message) => this.#connections.send(client, message),
      changed: (session) => this.#changes.session(session),
      recordUsage: (record) => this.#actions.push({ type: 'recordUsage', record }),
      appendSessionEvent: (event) => this.#actions.push({ type: 'appendSessionEvent', event }),
    });
    this.#far = new FarDevices({
      clients: this.#clients,
      hasPeers: () => ports.hasPeers(),
      locate: (askId, called) => this.#actions.push({ type: 'locate', askId, called }),
      toGuest: (nodeId, word) => this.#actions.push({ type: 'toGuest', nodeId, word }),
      narrow: (from, to) => ports.narrow(from, to),
      heard: (client, frame, at) => this.#dispatch(client, frame, at),
      leave: (client, code, at) => this.#calls.leave(client, code, at),
      flushUsage: (client, at) => this.#calls.flushUsageOf(client, at),
      renewed: (client, at) => this.#calls.renewed(client, at),
      limitsChanged: (client, at) => this.#calls.limitsChanged(client, at),
      resuming: (client, at) => this.#calls.resuming(client, at),
      drop: (reason) => this.#connections.drop(reason),
    });
    this.#guests = new Guests({
      clients: this.#clients,
      reasons: this.#reasons,
      sessionsPerClientMax,
      toHome: (nodeId, word) => this.#actions.push({ type: 'toHome', nodeId, word }),
      send: (client, message) => this.#connections.send(client, message),
      drop: (reason) => this.#connections.drop(reason),
    });
    this.#presences = new Presences({
      ask: (askId, question) => this.#actions.push({ type: 'askPresence', askId, question }),
      send: (client, message) => this.#connections.send(client, message),
      refuse: (client, refusal) => this.#connections.refuse(client, refusal),
      now: () => this.#nowMs,
    });
    this.#channels = new Channels({
      region: ports.region,
      reasons: this.#reasons,
      send: (client, message) => this.#connections.send(client, message),
      deliver: (client, message) => this.#connections.deliver(client, message),
      ask: (askId, question) => this.#actions.push({ type: 'askChannel', askId, question }),
      leave: (leave) => this.#actions.push({ type: 'leaveChannel', leave }),
      release: (connectionId) => this.#actions.push({ type: 'releaseChannels', connectionId }),
      recordUsage: (record) => this.#actions.push({ type: 'recordUsage', record }),
    });
    this.#changes = new StateChanges({
      // A leg of the platform's own, and a device of another node, is not taken up again: its node ends it with the line to this process.
      clients: () => this.#clients.own(),
      sessions: () => this.#calls.all(),
      hasClient: (connectionId) => this.#clients.byConnection(connectionId) !== undefined,
      hasSession: (sessionId) => this.#calls.has(sessionId),
      usedMsOf: (prefixId) => this.#calls.usedMsOf(prefixId, this.#nowMs),
    });
    if (ports.saved !== undefined) this.#restore(ports.saved);
  }

  #restore(saved: SavedState): void {
    for (const connectionId of saved.clients.keys()) {
      const client = restoredClient(connectionId, saved);
      if (client !== undefined) this.#clients.add(client);
    }
    this.#calls.restore(saved);
    this.#isToRegister = true;
  }

  /** What the inputs since the last call changed. Nothing that they brought about may leave before this is kept. */
  takeChanges(): readonly StateChange[] {
    return this.#changes.take();
  }

  /** All of the live state, as changes to nothing. */
  state(): Iterable<StateChange> {
    return this.#changes.all();
  }

  snapshot(): readonly SessionSnapshot[] {
    return this.#calls.snapshot();
  }

  /** Whose clients are here, each credential once. */
  principalsOf(accountId: string): readonly Principal[] {
    const own = this.#clients
      .all()
      .filter(({ far }) => far === undefined)
      .map(({ principal }) => principal);
    const byCredential = own
      .filter((principal) => principal.accountId === accountId)
      .map((principal) => [principal.credentialId, principal] as const);
    return [...new Map(byCredential).values()];
  }

  /** Those of the connections that are here and may be rung, as another node has to know them. */
  meet(connectionIds: readonly string[], nowMs: number): readonly Omit<FarDevice, 'nodeId'>[] {
    return this.#guests.meet(connectionIds, nowMs);
  }

  /** Whose clients are here, of this account and those below it; a leg of the platform's own is its account's. */
  accountsWithin(accountId: string): readonly string[] {
    const principals = this.#clients.all().map(({ principal }) => principal);
    const within = principals.filter(({ accountPath }) => accountPath.includes(accountId));
    return [...new Set(within.map((principal) => principal.accountId))];
  }

  /** Those of other nodes that a client of this one is in count: whoever drains waits for them as well. */
  get sessionCount(): number {
    return this.#calls.sessionCount + this.#guests.sessionCount;
  }

  handle(input: Input, nowMs: number): readonly Action[] {
    this.#actions = [];
    this.#nowMs = nowMs;
    this.#connections.begin(nowMs, this.#ports.saved !== undefined);
    if (this.#isToRegister) {
      this.#isToRegister = false;
      this.#connections.registerAll();
    }
    switch (input.type) {
      case 'opened':
        this.#connections.open(input, nowMs);
        break;
      case 'frame':
        this.#connections.receive(input.socketId, input.frame, nowMs);
        break;
      case 'undecodable':
        this.#connections.refuseUndecodable(input);
        break;
      case 'closed':
        this.#connections.closed(input.socketId, input.isFinal, nowMs);
        break;
      case 'verified':
        this.#connections.verified(input.socketId, input.authentication, nowMs);
        break;
      case 'claimed':
        this.#calls.claimed(input.claimId, input.answer, nowMs);
        break;
      case 'logicFound':
        this.#calls.logicFound(input.sessionId, input.found, nowMs);
        break;
      case 'logicFetched':
        this.#calls.logicFetched(input, input.answer, nowMs);
        break;
      case 'located':
        this.#far.located(input.askId, input.devices, nowMs);
        break;
      case 'presenceAnswered':
        this.#presences.answered(input.askId, input.answer);
        break;
      case 'channelAnswered':
        this.#channels.answered(input.askId, input.answer, nowMs);
        break;
      case 'slow': {
        const slow = this.#connections.clientAt(input.socketId);
        if (slow !== undefined) this.#channels.tooSlow(slow, nowMs);
        break;
      }
      case 'notice':
        this.#obey(input.notice, nowMs);
        break;
      case 'drain':
        this.#calls.isDraining = true;
        break;
      case 'stop':
        for (const client of this.#clients.all().filter(({ far }) => far === undefined)) {
          this.#connections.dismiss(client, 'signaling.node_stopped', { code: closeCodes.draining, nowMs });
        }
        this.#calls.stop(nowMs);
        break;
      case 'tick':
        this.#tick(nowMs);
        break;
    }
    this.#channels.rest();
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  #dispatch(client: Client, frame: ClientFrame, nowMs: number): void {
    if (this.#guests.forward(client, frame)) return;
    this.#countMessage(client, frame);
    switch (frame.type) {
      case 'ping':
        client.outbox.acknowledge(frame.lastSequence);
        this.#connections.send(client, {
          type: 'pong',
          nonce: frame.nonce,
          receivedSequence: client.inbox.lastSequence,
        });
        break;
      case 'call':
        this.#calls.place(client, frame, nowMs);
        break;
      case 'accept':
        this.#answerRefusal(client, this.#calls.accept(client, frame, nowMs), frame.sessionId);
        break;
      case 'reject':
        this.#answerRefusal(client, this.#calls.reject(client, frame, nowMs), frame.sessionId);
        break;
      case 'hangup':
        this.#answerRefusal(client, this.#calls.hangUp(client, frame, nowMs), frame.sessionId);
        break;
      case 'authenticate':
      case 'renew':
        this.#connections.drop('authenticated_already');
        break;
      case 'subscribe':
        this.#channels.subscribe(client, frame, nowMs);
        break;
      case 'unsubscribe':
        this.#channels.unsubscribe(client, frame, nowMs);
        break;
      case 'publish':
        this.#channels.publish(client, frame);
        break;
      case 'history':
        this.#channels.history(client, frame);
        break;
      case 'setPresence':
        this.#presences.say(client, frame);
        break;
      case 'watchPresence':
        this.#presences.watch(client, frame);
        break;
      case 'members':
        this.#channels.members(client, frame);
        break;
      default:
        this.#dispatchToLeg(client, frame, nowMs);
        break;
    }
  }

  #dispatchToLeg(
    client: Client,
    frame: Extract<ClientFrame, { type: 'signal' | 'connected' | 'quality' | 'media' | 'relayNeeded' }>,
    nowMs: number,
  ): void {
    const party = this.#calls.find(client, frame.sessionId);
    // A frame that crossed the end of its session on the way is nobody's fault.
    if (party === undefined) {
      this.#connections.drop('session_unknown');
      return;
    }
    switch (frame.type) {
      case 'signal':
        this.#calls.signal(party, frame, nowMs);
        break;
      case 'connected':
        this.#calls.connected(party, frame, nowMs);
        break;
      case 'quality':
        this.#calls.quality(party, frame, nowMs);
        break;
      case 'relayNeeded':
        this.#calls.needRelay(party, frame, nowMs);
        break;
      case 'media':
        this.#answerRefusal(client, this.#calls.changeMedia(party, frame, nowMs), frame.sessionId);
        break;
    }
  }

  #answerRefusal(client: Client, refusal: CallRefusal | undefined, sessionId: string): void {
    if (refusal !== undefined) this.#connections.refuse(client, refusal, sessionId);
  }

  #countMessage(client: Client, frame: ClientFrame): void {
    // What is said of channels is counted as such.
    if (frame.type === 'ping' || Object.hasOwn(clientChannelShapes, frame.type)) return;
    const isOfLeg = 'sessionId' in frame && this.#calls.countMessage(client, frame.sessionId);
    if (!isOfLeg) client.messageCount += 1;
  }

  // What the platform says, and what time brings.

  #obey(notice: PlatformNotice, nowMs: number): void {
    switch (notice.type) {
      case 'endSession':
        this.#calls.endById(notice.sessionId, notice.reason, nowMs);
        break;
      case 'order': {
        const { order } = notice;
        this.#far.locate(this.#calls.calledBy(order), nowMs, (atMs) => {
          const answer = this.#calls.obey(order, atMs);
          if (answer !== undefined)
            this.#actions.push({ type: 'answerOrder', orderId: order.orderId, answer });
        });
        break;
      }
      case 'revokeCredential':
        this.#expel({ code: 'credential.revoked' }, nowMs, ({ prefixIds }) =>
          prefixIds.includes(notice.credentialId),
        );
        break;
      case 'policyRefused':
        this.#expel(
          { code: notice.code, detail: notice.detail },
          nowMs,
          ({ credentialId }) => credentialId === notice.credentialId,
        );
        break;
      case 'revokeKey':
        this.#expel({ code: 'credential.revoked' }, nowMs, ({ keyId }) => keyId === notice.keyId);
        break;
      case 'stopAccount':
        this.#expel({ code: notice.code }, nowMs, ({ accountPath }) =>
          accountPath.includes(notice.accountId),
        );
        break;
      case 'limitsChanged':
        for (const client of this.#clients.all()) {
          if (client.far !== undefined || client.principal.credentialId !== notice.credentialId) continue;
          client.principal = { ...client.principal, limits: notice.limits };
          this.#guests.changed(client);
          this.#calls.limitsChanged(client, nowMs);
          this.#channels.doubt(client);
        }
        break;
      case 'relayAlive':
        this.#calls.relayAlive(notice.nodeId, notice.boot, nowMs);
        break;
      case 'relayDead':
        this.#calls.relayDead(notice.nodeId, nowMs);
        break;
      case 'relayDraining':
        this.#calls.relayDraining(notice.nodeId, nowMs);
        break;
      case 'allocationEnded':
        this.#calls.allocationEnded(notice, nowMs);
        break;
      case 'relayLine':
        if (this.#calls.relayLine(notice, nowMs) === 'dropped') this.#connections.drop('relay_line_unplaced');
        break;
      case 'channelMessage':
      case 'channelPresence':
      case 'channelsChanged':
      case 'busGap':
        this.#channels.obey(notice, nowMs);
        break;
      case 'guestSays':
        this.#far.hear(notice.nodeId, notice.word, nowMs);
        break;
      case 'guestNodeDead':
        this.#far.dead(notice.nodeId, nowMs);
        break;
      case 'homeSays':
        this.#guests.hear(notice.nodeId, notice.word, nowMs);
        break;
      case 'presenceChanged':
        this.#presences.changed(notice.accountId, notice.identity);
        break;
      case 'homeNodeDead':
        this.#guests.homeDead(notice.nodeId);
        break;
      case 'mediaFrame':
      case 'mediaSounded':
      case 'mediaLegLost':
      case 'mediaNoted':
      case 'mediaDead':
        this.#calls.mediaSays(notice, nowMs);
        break;
    }
  }

  #expel(
    { code, detail }: { readonly code: EndingCode; readonly detail?: string },
    nowMs: number,
    concerns: (principal: Principal) => boolean,
  ): void {
    for (const client of this.#clients.all()) {
      // Of a device of another node that node says what it may do.
      if (client.far === undefined && concerns(client.principal)) {
        this.#calls.leave(client, code, { nowMs, detail });
        this.#guests.leave(client, code, detail);
        this.#connections.send(client, { type: 'error', problem: this.#reasons.expulsion(code, detail) });
        this.#connections.dismiss(client, code, { code: closeCodes.credentialEnded, nowMs });
      }
    }
  }

  #tick(nowMs: number): void {
    this.#connections.closeUnproved(nowMs);
    // An ended credential ends its sessions before a limit or a timeout could give them another reason.
    this.#expel({ code: 'credential.expired' }, nowMs, ({ limits }) => nowMs >= limits.expiresAtMs);
    this.#expel(
      { code: 'policy.refused', detail: 'times does not allow it any longer.' },
      nowMs,
      ({ limits }) => limits.closesAtMs !== undefined && nowMs >= limits.closesAtMs,
    );
    this.#connections.tick(nowMs);
    this.#far.tick(nowMs);
    this.#guests.tick(nowMs);
    this.#presences.tick(nowMs);
    this.#calls.tick(nowMs);
    this.#channels.tick(nowMs);
  }
}
