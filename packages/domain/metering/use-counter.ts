import type { Entity } from '@patchbay/kit/definition';
import { canonicalDimensions, type Dimensions, type UsageDraft } from './usage-record.ts';

/** Whose use is counted together. */
export type UsedBy = Pick<Entity, 'accountId' | 'applicationId' | 'endpoint' | 'credentialId'>;

export interface CountedUse {
  /** `service.meter`. */
  readonly meter: string;
  readonly quantity: number;
  readonly dimensions: Dimensions;
}

/** Entities that are told apart between two takes; what comes above it counts for its account alone. */
const ENTITY_COUNT_MAX = 10_000;

interface Held {
  readonly usedBy: UsedBy;
  readonly service: string;
  readonly fromMs: number;
  readonly quantities: Map<string, UsageDraft['quantities'][number]>;
}

/**
 * Adds up uses that are too small and too many for a record each, such as requests: what a take answers is one record for
 * each meter and dimension set of an entity, however often it was counted (MET-6). Of several in one record each mixture
 * would be a layout of totals of its own, and there is no end of mixtures.
 */
export class UseCounter {
  readonly #region: string;
  readonly #entityCountMax: number;
  #held = new Map<string, Held>();

  constructor({
    region,
    entityCountMax = ENTITY_COUNT_MAX,
  }: {
    readonly region: string;
    readonly entityCountMax?: number;
  }) {
    this.#region = region;
    this.#entityCountMax = entityCountMax;
  }

  count(usedBy: UsedBy, { meter: qualified, quantity, dimensions }: CountedUse, atMs: number): void {
    const dot = qualified.indexOf('.');
    const [service, meter] = [qualified.slice(0, dot), qualified.slice(dot + 1)];
    const { quantities } = this.#heldFor(usedBy, service, Math.floor(atMs));
    const series = `${meter} ${canonicalDimensions(dimensions)}`;
    const before = quantities.get(series)?.quantity ?? 0;
    quantities.set(series, { meter, quantity: before + quantity, dimensions: { ...dimensions } });
  }

  #heldFor(usedBy: UsedBy, service: string, fromMs: number): Held {
    const { accountId, applicationId, endpoint, credentialId } = usedBy;
    const key = JSON.stringify([service, accountId, applicationId, endpoint, credentialId]);
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const isNarrow = (applicationId ?? endpoint ?? credentialId) !== undefined;
    if (isNarrow && this.#held.size >= this.#entityCountMax)
      return this.#heldFor({ accountId }, service, fromMs);
    const held: Held = { usedBy, service, fromMs, quantities: new Map() };
    this.#held.set(key, held);
    return held;
  }

  /** What was counted since the last take. */
  take(nowMs: number): readonly UsageDraft[] {
    const taken = [...this.#held.values()];
    this.#held = new Map();
    return taken.flatMap((held) => this.#draftsOf(held, Math.max(held.fromMs, Math.floor(nowMs))));
  }

  #draftsOf({ usedBy, service, fromMs, quantities }: Held, toMs: number): readonly UsageDraft[] {
    const { accountId, applicationId, endpoint, credentialId } = usedBy;
    return [...quantities.values()].map((quantity) => ({
      accountId,
      ...(applicationId === undefined ? {} : { applicationId }),
      ...(endpoint === undefined ? {} : { endpointId: endpoint }),
      ...(credentialId === undefined ? {} : { credentialId }),
      segment: 0,
      service,
      region: this.#region,
      modality: 'none',
      fromMs,
      toMs,
      quantities: [quantity],
    }));
  }
}
