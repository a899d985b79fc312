import type { ConfigLevel, ConfigValues } from './effective-config.ts';

/** Whose configuration it is: an account, an application of it, an instance type of that, or an endpoint. */
export interface ConfiguredEntity {
  /** From the platform's account down to the one that it is about. */
  readonly chain: readonly string[];
  readonly applicationId?: string | undefined;
  readonly instanceType?: string | undefined;
  /** It stands below the application and instance type, where there are any. */
  readonly endpointId?: string | undefined;
}

/** What was set at one level for one service. */
export interface StoredConfig {
  readonly accountId: string;
  /** Absent for the account itself. */
  readonly applicationId?: string | undefined;
  /** Absent for the account or application itself. */
  readonly instanceType?: string | undefined;
  /** An endpoint of the account, whatever its application. */
  readonly endpointId?: string | undefined;
  readonly service: string;
  readonly values: ConfigValues;
  /** A trigger that fired holds the account or application to it: what is said there itself stands beside it (TRG-2). */
  readonly heldBy?: TriggerHolder | undefined;
}

export interface TriggerHolder {
  readonly triggerId: string;
  /** Who set the trigger: the account itself, or one above it. */
  readonly accountId: string;
  readonly isShown: boolean;
}

/**
 * The levels whose word on a service holds for an entity, from the top down; the last is the entity's own. The order is that of the
 * chain, whatever the order of what is stored, and a level that says nothing stands there empty.
 */
export function configLevels(
  { chain, applicationId, instanceType, endpointId }: ConfiguredEntity,
  service: string,
  stored: readonly StoredConfig[],
): readonly ConfigLevel[] {
  const valuesOf = (accountId: string, place: Place = {}): ConfigValues =>
    stored.find(
      (config) =>
        config.service === service &&
        config.heldBy === undefined &&
        config.accountId === accountId &&
        config.applicationId === place.applicationId &&
        config.instanceType === place.instanceType &&
        config.endpointId === place.endpointId,
    )?.values ?? {};
  const levels = chain.map(
    (accountId, depth): ConfigLevel => ({
      origin: { level: depth === 0 ? 'platform' : 'account', accountId },
      values: valuesOf(accountId),
    }),
  );
  const accountId = chain.at(-1);
  const held = stored.flatMap((config): ConfigLevel[] => {
    const { heldBy, values } = config;
    if (heldBy === undefined || config.service !== service || !chain.includes(config.accountId)) return [];
    if (config.applicationId !== undefined && config.applicationId !== applicationId) return [];
    return [{ origin: { level: 'trigger', ...heldBy }, values }];
  });
  if (accountId !== undefined && applicationId !== undefined) {
    const place = { applicationId };
    levels.push({
      origin: { level: 'application', accountId, ...place },
      values: valuesOf(accountId, place),
    });
    if (instanceType !== undefined) {
      const ofType = { ...place, instanceType };
      levels.push({
        origin: { level: 'instanceType', accountId, ...ofType },
        values: valuesOf(accountId, ofType),
      });
    }
  }
  if (accountId !== undefined && endpointId !== undefined)
    levels.push({
      origin: { level: 'endpoint', accountId, endpointId },
      values: valuesOf(accountId, { endpointId }),
    });
  // Above the entity's own, which is the last: nobody below takes a hold off by saying something wider.
  return [...levels.slice(0, -1), ...held, ...levels.slice(-1)];
}

/** Where at an account; nothing: the account itself. */
type Place = Pick<StoredConfig, 'applicationId' | 'instanceType' | 'endpointId'>;
