import type { ServiceDefinition } from '@patchbay/kit/definition';
import { type ConfiguredEntity, configLevels, type StoredConfig } from '../policy/config-levels.ts';
import { type ConfigOrigin, configRulesOf, effectiveConfig } from '../policy/effective-config.ts';
import type { Known } from './known.ts';

/** What held of a service's configuration for an entity, with the level whose word each value is (POL-2). */
export function settingsOf(
  service: Pick<ServiceDefinition, 'name' | 'config' | 'merge'>,
  entity: ConfiguredEntity,
  stored: readonly StoredConfig[],
): Known['policy'] {
  const levels = configLevels(entity, service.name, stored);
  const { values, origins } = effectiveConfig(levels, configRulesOf(service));
  return Object.entries(values).map(([field, value]) => ({
    rule: `${service.name}.${field}`,
    // A configuration comes out of JSON, so it is JSON.
    value: value as Known['policy'][number]['value'],
    level: levelText(origins[field]),
  }));
}

/** The id of the level, or its kind where it has none: whoever reads it later is told what they may see of it. */
const levelText = (origin: ConfigOrigin | undefined): string =>
  Object.values(origin ?? {}).at(-1) ?? 'default';
