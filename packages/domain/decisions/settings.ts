import type { ServiceDefinition } from '@patchbay/kit/definition';
import { type ConfiguredEntity, configLevels, type StoredConfig } from '../policy/config-levels.ts';
import { type ConfigOrigin, configRulesOf, effectiveConfig } from '../policy/effective-config.ts';
import { effectivePolicy } from '../policy/effective-policy.ts';
import { levelText, type PolicyChain } from '../policy/policy-level.ts';
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
    level: configLevelText(origins[field]),
  }));
}

/** What held of a policy, with the level whose word each value is; of those that the caller does not see, its kind (C1). */
export function policyValuesOf(chain: PolicyChain, visibleIds: readonly string[]): Known['policy'] {
  return Object.entries(effectivePolicy(chain)).flatMap(([setting, held]) =>
    held === undefined
      ? []
      : [
          {
            rule: setting,
            value: held.value as Known['policy'][number]['value'],
            level: levelText(held.origin, visibleIds),
          },
        ],
  );
}

/** The id of the level, or its kind where it has none: whoever reads it later is told what they may see of it. */
function configLevelText(origin: ConfigOrigin | undefined): string {
  switch (origin?.level) {
    case undefined:
    case 'default':
      return 'default';
    case 'platform':
    case 'account':
    // A trigger is its account's word: who does not see the account is not told which trigger it was.
    case 'trigger':
      return origin.accountId;
    case 'application':
      return origin.applicationId;
    case 'instanceType':
      return origin.instanceType;
    case 'endpoint':
      return origin.endpointId;
  }
}
