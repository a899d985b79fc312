import type { AheadOf } from '@patchbay/adapters/billing/account-books';
import { type Listener, listen } from '@patchbay/adapters/postgres/notifications';
import type { AuditStore } from '@patchbay/adapters/prisma/audit-store';
import type { EventStore } from '@patchbay/adapters/prisma/event-store';
import { TRIGGER_CHANNEL, type TriggerOutbox } from '@patchbay/adapters/prisma/trigger-outbox';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import type { HooksPorts } from '@patchbay/domain/hooks/ports';
import { triggerMail } from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import { type ActPorts, actOn, type DueFiring } from '@patchbay/domain/triggers/act';
import type { TriggersPorts } from '@patchbay/domain/triggers/ports';
import { type HeldTarget, heldPlace } from '@patchbay/domain/triggers/trigger';
import { createId } from '@patchbay/kit/ids';
import type { Logger } from 'pino';
import { rootOf } from './failure-log.ts';

/** How often the outbox is looked at though nobody called: for what is tried again, holds that end (POL-5), and measures. */
const LOOK_MS = 2_000;

export interface TriggerActionsOptions {
  readonly outbox: TriggerOutbox;
  readonly events: EventStore;
  readonly auditLog: Pick<AuditStore, 'append'>;
  /** From the platform down. */
  readonly chainOf: (accountId: string) => Promise<readonly { readonly id: string }[]>;
  /** Within a unit of work, told when that is committed. */
  readonly publish: (message: BusMessage) => Promise<void>;
  readonly mails: Mails & TriggersPorts['mails'];
  readonly webhooks: Pick<HooksPorts['webhooks'], 'find'>;
  readonly nameOf: (accountId: string) => Promise<string>;
  readonly databaseUrl: string;
  readonly nowMs: () => number;
  readonly aheadMsOf: AheadOf;
  /** Every service there is. */
  readonly serviceNames: readonly string[];
  readonly featureNames: readonly string[];
  readonly log: Pick<Logger, 'error' | 'warn'>;
}

/**
 * Does the actions of triggers that fired, in any number of processes: whichever is called first takes a firing, and a
 * process that dies in the middle leaves it in the outbox as it was (TRG-2).
 */
export class TriggerActions {
  readonly #options: TriggerActionsOptions;
  #listener: Listener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #isCalled = false;
  #isStopped = false;

  constructor(options: TriggerActionsOptions) {
    this.#options = options;
  }

  start(): void {
    const look = () => this.#look();
    this.#listener = listen({
      databaseUrl: this.#options.databaseUrl,
      channel: TRIGGER_CHANNEL,
      onNotification: look,
      onListening: look,
    });
    this.#timer = setInterval(look, LOOK_MS);
    this.#timer.unref();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#listener?.close();
    await this.#round;
  }

  /** Everything that is due now. */
  async runDue(): Promise<void> {
    const { outbox, publish, nowMs, aheadMsOf } = this.#options;
    await outbox.liftHolds(async (held) => {
      await this.#tellHeld(held);
      await publish({ type: 'account.changed', accountId: held.accountId });
    });
    const ports = this.#ports();
    // A window is one of the books.
    const act = async (due: DueFiring) =>
      await actOn(due, ports, nowMs() + (await aheadMsOf(due.rule.target.accountId)));
    while (!this.#isStopped && (await outbox.actOnNext(act)));
    // Last: what it fires calls for another round, and what fails here keeps nothing from being done.
    await outbox.measure();
  }

  /** One round at a time; who calls in the middle of one gets another. */
  #look(): void {
    this.#isCalled = true;
    this.#round ??= this.#rounds().finally(() => {
      this.#round = undefined;
    });
  }

  async #rounds(): Promise<void> {
    try {
      while (this.#isCalled && !this.#isStopped) {
        this.#isCalled = false;
        await this.runDue();
      }
    } catch (error) {
      this.#options.log.warn({ error: rootOf(error) }, 'Actions of triggers wait for the database.');
    }
  }

  #ports(): ActPorts {
    const { outbox, events, publish, nowMs, serviceNames, featureNames, webhooks } = this.#options;
    const { suspend, openSessions, hold } = outbox.holds;
    const holdPolicy: ActPorts['holdPolicy'] = async (due, held) => {
      await this.#tellHeld(due.rule.target);
      await outbox.holds.holdPolicy(due, held);
      await publish({ type: 'account.changed', accountId: due.rule.target.accountId });
    };
    return {
      openSessions,
      holdPolicy,
      suspend: async (due) => {
        const outcome = await suspend(due);
        if (outcome === 'unchanged') return outcome;
        const { accountId } = due.rule.target;
        if (outcome === 'was_suspended') {
          const state = 'suspended';
          await this.#audit(due, { state, suspendedByActor: true }, { state, suspendedByActor: false });
          return outcome;
        }
        const data = { accountId, state: 'suspended' };
        await events.append(
          eventOfHandler({ accountId, type: 'tenancy.account.state-changed', data, atMs: nowMs() }),
        );
        await this.#audit(due, { state: 'suspended' }, { state: 'active' });
        await publish({ type: 'account.changed', accountId });
        return outcome;
      },
      endSession: (due, sessionId) =>
        publish({
          type: 'session.end',
          sessionId,
          code: 'session.ended_by_account',
          detail: due.rule.isShown ? `The trigger ${due.rule.name} ended it.` : 'A limit was reached.',
        }),
      hold: async (due, held) => {
        await this.#tellHeld(due.rule.target);
        await hold(due, held);
        await publish({ type: 'account.changed', accountId: due.rule.target.accountId });
      },
      disable: async (due, { untilMs, ...off }) => {
        const values =
          'service' in off
            ? { services: serviceNames.filter((name) => name !== off.service) }
            : { features: featureNames.filter((name) => name !== off.feature) };
        await holdPolicy(due, { values, untilMs });
      },
      webhookState: async ({ rule: { accountId } }, webhookId) =>
        (await webhooks.find({ accountId, webhookId }))?.state,
      writeMail: (due, address) => this.#writeMail(due, address),
      audit: (due, after) => this.#audit(due, after),
    };
  }

  /**
   * Tells the account that something holds it, or no longer does. Before the hold itself is written: whoever begins the counter
   * of its trigger locks events before holds.
   */
  async #tellHeld(target: HeldTarget): Promise<void> {
    await this.#options.events.append(policyChanged(target, this.#options.nowMs()));
  }

  /** In the name of who set the trigger, in the transaction of the firing: one mail for each. */
  async #writeMail({ rule, value }: DueFiring, to: string): Promise<'written' | 'unknown' | 'unavailable'> {
    const { mails, nameOf } = this.#options;
    const { accountId } = rule;
    if (!mails.isAvailable) return 'unavailable';
    if (!(await mails.isOfTeam({ accountId, address: to }))) return 'unknown';
    const text = triggerMail({
      triggerName: rule.name,
      accountName: await nameOf(rule.target.accountId),
      value,
      limit: String(rule.condition.limit),
      path: `/accounts/${accountId}/triggers`,
    });
    await mails.send({ accountId, to, reader: { accountId }, ...text });
    return 'written';
  }

  /**
   * In the target's log, by the trigger: who does not see the account that set it reads that somebody above did it, unless
   * the trigger is shown (C1).
   */
  async #audit({ id, action, rule }: DueFiring, after: object, before?: object): Promise<void> {
    const { accountId } = rule.target;
    const chain = await this.#options.chainOf(accountId);
    await this.#options.auditLog.append({
      accountId,
      accountPath: chain.map((account) => account.id),
      actorId: rule.id,
      actorName: rule.name,
      ...(rule.isShown ? {} : { actorAccountId: rule.accountId }),
      action: `triggers.${action.kind}`,
      target: accountId,
      requestId: createId('req'),
      ...(before === undefined ? {} : { before }),
      after: { ...after, firingId: id },
    });
  }
}

/** The event of an account of which something is held by a trigger now, or no longer is. */
export const policyChanged = (target: HeldTarget, atMs: number) =>
  eventOfHandler({
    accountId: target.accountId,
    type: 'policy.changed',
    data: heldPlace(target),
    atMs,
  });
