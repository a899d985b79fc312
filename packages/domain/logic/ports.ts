import type { HooksPorts } from '../hooks/ports.ts';
import type { TenancyPorts } from '../tenancy/ports.ts';
import type { LogicKind } from './definition.ts';
import type { ReadDocument } from './document.ts';

export interface LogicMapping {
  readonly id: string;
  readonly accountId: string;
  readonly applicationId: string | undefined;
  readonly endpointId: string | undefined;
  readonly kind: LogicKind;
  readonly url: string;
  readonly fallbackUrl: string | undefined;
  readonly createdAt: Date;
}

interface Scoped {
  readonly accountId: string;
}

/** `accountId` is the scope of every port that has it. */
export interface LogicPorts {
  readonly mappings: {
    list(
      page: Scoped & {
        readonly applicationId?: string | undefined;
        readonly endpointId?: string | undefined;
        readonly place: 'any' | 'account';
        readonly cursor?: string | undefined;
        readonly limit: number;
      },
    ): Promise<{ readonly items: readonly LogicMapping[]; readonly nextCursor?: string | undefined }>;
    find(mapping: Scoped & { readonly mappingId: string }): Promise<LogicMapping | undefined>;
    /** Sets what holds at a place, and answers what stood there. 'unknown': there is no such place. */
    set(
      mapping: Scoped & Pick<LogicMapping, 'applicationId' | 'endpointId' | 'kind' | 'url' | 'fallbackUrl'>,
    ): Promise<
      | { readonly before: LogicMapping | undefined; readonly after: LogicMapping; readonly isFirst: boolean }
      | 'unknown'
      | 'too_many'
    >;
    remove(mapping: Scoped & { readonly mappingId: string }): Promise<LogicMapping | undefined>;
  };
  readonly secrets: {
    /** The secret of an account that had none; undefined where there is one, which nobody reads again. */
    ensure(account: Scoped): Promise<string | undefined>;
    rotate(account: Scoped & { readonly previousEndsAt: Date | undefined }): Promise<string>;
  };
  readonly applications: Pick<TenancyPorts['applications'], 'find'>;
  readonly addresses: HooksPorts['endpoints'];
  /** Tells nodes that what they hold of an account is not what holds any more. */
  readonly nodes: { changed(accountId: string): Promise<void> };
  readonly documents: { read(kind: LogicKind, text: string): ReadDocument };
  readonly prices: {
    /** What an account pays for one unit of a meter, in nano units for `per` units; undefined where nobody set a price. */
    paidBy(
      meter: Scoped & { readonly service: string; readonly meter: string },
    ): Promise<{ readonly amount: string; readonly per: string; readonly currency: string } | undefined>;
  };
}

/** As many as callbacks. */
export const MAPPING_COUNT_MAX = 1_000;
