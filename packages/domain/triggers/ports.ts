import type { Actor, DimensionValues } from '@patchbay/kit/definition';
import type { WebhookRecord } from '../hooks/ports.ts';
import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import type { Dimensions } from '../metering/usage-record.ts';
import type { UsageStore } from '../metering/usage-store.ts';
import type { Caller } from '../tenancy/caller.ts';
import type { Action } from './definition.ts';
import type {
  FiringRecord,
  HeldTarget,
  Target,
  TriggerRecord,
  TriggerRule,
  TriggerShape,
} from './trigger.ts';

/** Types of events, each with the values that its fields may have. */
export type CountableEvents = ReadonlyMap<string, Readonly<Record<string, DimensionValues>>>;

export interface TriggerChange {
  readonly name?: string | undefined;
  readonly shape?: TriggerShape | undefined;
  readonly action?: Action | undefined;
  readonly isEnabled?: boolean | undefined;
  readonly isShown?: boolean | undefined;
}

/** `accountId` is the scope of every port: nothing outside it, and what is below it, is seen. */
export interface TriggersPorts {
  readonly triggers: {
    /** Newest first, with those that were set above and say so. */
    list(page: {
      readonly accountId: string;
      readonly cursor?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly items: readonly TriggerRecord[]; readonly nextCursor?: string | undefined }>;
    find(trigger: {
      readonly accountId: string;
      readonly triggerId: string;
    }): Promise<TriggerRecord | undefined>;
    /** Whether it holds its target to something now. */
    isHolding(trigger: { readonly accountId: string; readonly triggerId: string }): Promise<boolean>;
    /** How many the account has set. Whoever sets another at the same time waits until this one is done. */
    countForCreate(accountId: string): Promise<number>;
    /**
     * Stores it, and begins its counter. It may fire at once: what `onStored` writes, in the same transaction, comes before
     * that.
     */
    create(rule: Omit<TriggerRule, 'isEnabled'>, onStored?: () => Promise<void>): Promise<TriggerRecord>;
    /**
     * Stores the change. A new limit may be crossed again; turned on, or where `beginsAnew`, the counter begins anew. It may
     * fire at once: what `onStored` writes of what is stored by then, in the same transaction, comes before that.
     */
    update(
      trigger: { readonly accountId: string; readonly triggerId: string },
      change: TriggerChange,
      onStored?: (stored: TriggerRecord) => Promise<void>,
    ): Promise<TriggerRecord | undefined>;
    reset(trigger: {
      readonly accountId: string;
      readonly triggerId: string;
    }): Promise<TriggerRecord | undefined>;
    remove(trigger: { readonly accountId: string; readonly triggerId: string }): Promise<void>;
    /** Newest first; of one trigger, or of all that the account set. */
    firings(page: {
      readonly accountId: string;
      readonly triggerId?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly items: readonly FiringRecord[]; readonly nextCursor?: string | undefined }>;
    /** Events of a type since a time. */
    countEvents(events: {
      readonly accountId: string;
      readonly type: string;
      readonly where: Dimensions;
      readonly scope: Target['scope'];
      readonly sinceMs: number;
    }): Promise<bigint>;
  };
  readonly targets: {
    /** Undefined for what is not within the scope: no such account there, or no such application of it. */
    find(
      target: Target & { readonly scopeId: string },
    ): Promise<{ readonly timeZone: string; readonly isPlatform: boolean } | undefined>;
    /**
     * What a target names besides, among what its account and, where they count too, the accounts below it have: an
     * endpoint by id or identifier, a session by a part that they take in it.
     */
    named(target: Target): Promise<{
      /** Its identifier, as usage names it. */
      readonly endpointId?: string | undefined;
      readonly isSessionKnown: boolean;
    }>;
    /** Nodes ask anew what the configuration of this account says. */
    changed(accountId: string): Promise<void>;
    /** Its account is told that a trigger holds it to nothing any more. */
    lifted(target: HeldTarget): Promise<void>;
  };
  /** What whoever asks may do at an account within the scope: where the action of a trigger is done. */
  callerAt(accountId: string, actor: Actor): Promise<Pick<Caller, 'may' | 'speakerAbove'>>;
  readonly measures: {
    /** What the platform knows of itself now, by the names of `measures.ts`. */
    read(): Promise<ReadonlyMap<string, number>>;
  };
  readonly nodes: {
    find(nodeId: string): Promise<{ readonly state: string } | undefined>;
  };
  /** Webhooks that an action calls. */
  readonly callbacks: {
    /** Why nothing is sent to a URL, or undefined. It asks for the host's addresses, so it takes as long as that. */
    refusalOf(url: string): Promise<string | undefined>;
    /** Nobody removes it before the transaction is over in which it was found. */
    find(webhook: {
      readonly accountId: string;
      readonly webhookId: string;
    }): Promise<Pick<WebhookRecord, 'service' | 'state' | 'triggerId'> | undefined>;
    /** The trigger's own: the one that it has where that is at this address, or a new one in its place. */
    put(callback: {
      readonly accountId: string;
      readonly triggerId: string;
      readonly url: string;
      readonly fallbackUrl?: string | undefined;
    }): Promise<{
      readonly webhookId: string;
      /** Of a new one. */
      readonly secret?: string | undefined;
    }>;
    /** Takes the trigger's own away, if it has one. */
    remove(of: { readonly accountId: string; readonly triggerId: string }): Promise<void>;
  };
  readonly mails: {
    /** Whether a mail leaves this platform, or is shown to whoever runs it on a machine of their own. */
    readonly isAvailable: boolean;
    /** Whether an address is a proved one of somebody in the account's own team: nobody else is written to. */
    isOfTeam(recipient: { readonly accountId: string; readonly address: string }): Promise<boolean>;
  };
  readonly usage: Pick<UsageStore, 'query'>;
  /** What the services declare: only that is counted. */
  readonly catalogue: MeterCatalogue;
  /** Every service that can be turned off. */
  readonly serviceNames: readonly string[];
  /** Every feature of them, as policies name it. */
  readonly featureNames: readonly string[];
  /** Every type of event that services and domains declare, with its fields of text: others are told apart by nothing. */
  readonly events: CountableEvents;
}
