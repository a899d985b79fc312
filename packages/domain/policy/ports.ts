import type { CountryTable } from '@patchbay/kit/country-table';
import type { Actor } from '@patchbay/kit/definition';
import type { Caller } from '../tenancy/caller.ts';
import type { Page, PageOf, Scoped, TenancyPorts } from '../tenancy/ports.ts';
import type { DataPlaces } from './data-regions.ts';
import type { PolicyPlace, StoredPolicy } from './policy-chain.ts';
import type { PolicyWord } from './policy-level.ts';
import type { PastRequest } from './replay.ts';
import type { UsageOfBudget, UsedCell } from './used-up.ts';

export interface PlanRecord {
  readonly id: string;
  readonly name: string;
  readonly word: PolicyWord;
  readonly accountCount: number;
  readonly createdAt: Date;
}

/** A past request, with what tells by which levels it was decided. */
export interface LoggedRequest extends PastRequest {
  readonly applicationId?: string | undefined;
  readonly instanceType?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** What is written of one level. */
export interface PolicyChange extends Scoped, PolicyPlace {
  readonly by: 'above' | 'self';
  /** Of a word from above, the account whose it is. */
  readonly setById?: string | undefined;
  readonly word: PolicyWord;
}

/** How many policies an account may have of its own: its regions, endpoints, applications and instance types, and itself. */
export const PLACE_COUNT_MAX = 1_000;

/**
 * At how many regions, endpoints, applications and instance types of an account one above it may say something. Neither these nor
 * what it says of the whole account count for the account's own, or a full account would be out of reach of those above.
 */
export const PLACE_COUNT_FROM_ABOVE_MAX = 100;

/** `accountId` is the scope of every port that has it: nothing outside it, and what is below it, is seen or written. */
export interface PolicyPorts {
  readonly policies: {
    /**
     * What is stored along the chain of an account: all of it at the account itself, and of those above it what holds
     * for those below.
     */
    chain(account: Scoped): Promise<readonly StoredPolicy[]>;
    /** Of an account: what it says is read in it, of itself and of those below. */
    timeZone(account: Scoped): Promise<string>;
    /** Of these accounts those for which anything is said of any of these settings, at them or above them. */
    saying(asked: {
      readonly accountIds: readonly string[];
      readonly settings: readonly string[];
    }): Promise<ReadonlySet<string>>;
    /**
     * Answers what was said there until now. 'too_many': as many are kept of whoever says it as may be. 'not_above': whose word it would
     * be does not stand above the account, or no longer. 'unknown': there is no such application or instance type, or no longer.
     */
    set(change: PolicyChange): Promise<PolicyWord | 'too_many' | 'not_above' | 'unknown'>;
  };
  readonly plans: {
    list(page: PageOf): Promise<Page<PlanRecord>>;
    find(plan: Scoped & { readonly planId: string }): Promise<PlanRecord | undefined>;
    create(
      plan: Scoped & { readonly name: string; readonly word: PolicyWord },
    ): Promise<PlanRecord | 'name_taken'>;
    update(
      plan: Scoped & { readonly planId: string; readonly name: string; readonly word: PolicyWord },
    ): Promise<{ readonly before: PlanRecord; readonly after: PlanRecord } | 'name_taken' | undefined>;
    remove(plan: Scoped & { readonly planId: string }): Promise<PlanRecord | 'in_use' | undefined>;
    /** The plans that an account has, of the farthest above it first. Of one of none of `ownerIds`: that there is one. */
    assigned(
      account: Scoped & { readonly ownerIds: readonly string[] },
    ): Promise<readonly Partial<AssignedPlan>[]>;
    /**
     * Gives the account a plan of one of `ownerIds`, in place of the one of the same owner. Undefined: none of them has
     * such a plan.
     */
    assign(
      assignment: Scoped & { readonly planId: string; readonly ownerIds: readonly string[] },
    ): Promise<{ readonly before: AssignedPlan | undefined; readonly after: AssignedPlan } | undefined>;
    /** Takes the plan of an owner from the account, and answers which it was. */
    unassign(assignment: Scoped & { readonly ownerId: string }): Promise<AssignedPlan | undefined>;
  };
  readonly past: {
    /**
     * The newest that began from `fromMs` on or were running then, of the account and all below it; with a plan, of those
     * alone that it holds for.
     */
    requests(
      query: Scoped & {
        readonly planId?: string | undefined;
        readonly fromMs: number;
        readonly limit: number;
      },
    ): Promise<{ readonly items: readonly LoggedRequest[]; readonly isComplete: boolean }>;
    /** What was used of a budget in a part of a day or month, by hours of its zone or by minutes. */
    usage(usage: UsageOfBudget): Promise<readonly UsedCell[]>;
    /** From the platform down to each account. Those that are not at or below the account are left out. */
    chains(
      query: Scoped & { readonly accountIds: readonly string[] },
    ): Promise<ReadonlyMap<string, readonly string[]>>;
  };
  readonly applications: Pick<TenancyPorts['applications'], 'find'>;
  /** Names that `services` may hold. */
  readonly serviceNames: readonly string[];
  /** Names that `features` may hold. */
  readonly featureNames: readonly string[];
  /** Says in which country an address is, where the operator provides a table of them. */
  readonly countries: CountryTable | undefined;
  /** Those of all nodes that ever joined. */
  readonly regionNames: () => Promise<readonly string[]>;
  /** What keeps data in a region. */
  readonly dataPlaces: () => Promise<DataPlaces>;
  readonly caller: (chain: readonly string[], actor: Actor) => Promise<Caller>;
}

export interface AssignedPlan {
  readonly planId: string;
  /** Whose it is: an account above. */
  readonly ownerId: string;
  readonly name: string;
}
