import {
  lastingBounds,
  type PartedLevels,
  partedAt,
  saidAbove,
  setterOf,
} from '@patchbay/domain/policy/config-levels';
import {
  type ConfigLevel,
  type ConfigOrigin,
  type ConfigRules,
  type ConfigValues,
  effectiveConfig,
  widerFields,
} from '@patchbay/domain/policy/effective-config';
import { notYours, speakerAmong } from '@patchbay/domain/tenancy/caller';
import type { Entity, ServiceDefinition } from '@patchbay/kit/definition';
import { platformError, ServiceError } from '@patchbay/kit/errors';

/** A service's configuration of an entity, as one caller reads it and may set it. */
export interface ConfigReading {
  readonly rules: ConfigRules;
  /** From the platform's account down to the one whose configuration it is. */
  readonly chain: readonly string[];
  /** The accounts of the chain that the caller may see. */
  readonly visibleIds: readonly string[];
  /** Whose words the caller may set, the highest first: of accounts above, or the entity's own alone. */
  readonly speakerIds: readonly string[];
  /** Whose word is read or set, if it is one from above. */
  readonly setById?: string;
  readonly parted: PartedLevels;
}

interface Asked {
  readonly entity: Entity;
  readonly levels: readonly ConfigLevel[];
  readonly visibleIds: readonly string[];
  /** For whom the caller may set it, the highest first. */
  readonly speakerIds: readonly string[];
  readonly from: string | undefined;
}

/** @throws ServiceError `resource.unknown` where the caller does not speak for whom the request names. */
export function readConfig(
  { entity, levels, visibleIds, speakerIds, from: named }: Asked,
  rules: ConfigRules,
): ConfigReading {
  const { accountId, chain } = entity;
  const from = speakerAmong(speakerIds, named);
  if (from === undefined) throw platformError('resource.unknown', notYours(named ?? accountId));
  const said = from === accountId ? {} : { setById: from };
  const parted = partedAt(levels, chain, said.setById);
  if (parted === undefined) throw platformError('resource.unknown', 'There is no such entity here.');
  return { rules, chain, visibleIds, speakerIds, ...said, parted };
}

/** The same, as if these were the values that are said. */
export const withValues = (reading: ConfigReading, values: ConfigValues): ConfigReading => ({
  ...reading,
  parted: { ...reading.parted, said: { ...reading.parted.said, values } },
});

export function toConfigAnswer({ rules, visibleIds, speakerIds, parted }: ConfigReading) {
  const { above, said, below } = parted;
  const isSilent = setterOf(said.origin) !== undefined && Object.keys(said.values).length === 0;
  const levels = [...above, ...(isSilent ? [] : [said]), ...below];
  const { values, origins } = effectiveConfig(levels, rules);
  return {
    origin: visibleOrigin(said.origin, visibleIds),
    stored: said.values,
    own: (below.at(-1) ?? said).values,
    inherited: effectiveConfig(above, rules).values,
    effective: values,
    origins: Object.fromEntries(
      Object.entries(origins).map(([field, origin]) => [field, visibleOrigin(origin, visibleIds)]),
    ),
    speakerIds: [...speakerIds],
    fromAbove: toldAbove(saidAbove(levels), { rules, visibleIds }),
  };
}

/** What those set that the caller does not see is one word, so that nobody counts them (C1). */
function toldAbove(
  words: readonly ConfigLevel[],
  { rules, visibleIds }: Pick<ConfigReading, 'rules' | 'visibleIds'>,
) {
  const isSeen = ({ origin }: ConfigLevel) => visibleIds.includes(setterOf(origin) ?? '');
  const hidden = words.filter((word) => !isSeen(word));
  const [first] = hidden;
  const together =
    first === undefined
      ? []
      : [{ ...first, values: effectiveConfig(hidden, { merge: rules.merge, defaults: {} }).values }];
  return [...together, ...words.filter(isSeen)].map(({ origin, values }) => ({
    origin: visibleOrigin(origin, visibleIds),
    values,
  }));
}

type ToldOrigin = Partial<
  Record<'accountId' | 'applicationId' | 'instanceType' | 'endpointId' | 'setById' | 'triggerId', string>
> &
  Pick<ConfigOrigin, 'level'> & { readonly by?: 'above' };

/** Whoever asks is told of the accounts that they see, and of others that they are above (C1). */
function visibleOrigin(origin: ConfigOrigin, visibleIds: readonly string[]): ToldOrigin {
  if (origin.level === 'default') return origin;
  if (origin.level !== 'trigger') {
    if (!visibleIds.includes(origin.accountId)) return { level: origin.level };
    const { setById, ...place } = origin;
    if (setById === undefined) return place;
    return { ...place, by: 'above', ...(visibleIds.includes(setById) ? { setById } : {}) };
  }
  const { level, accountId, triggerId, isShown } = origin;
  if (visibleIds.includes(accountId)) return { level, accountId, triggerId };
  // One that its setter does not show is somebody's word above, like any other.
  return isShown ? { level, triggerId } : { level: 'account' };
}

/** What is stored and cannot hold would be read as if it did (POL-2). */
export function refuseWider(
  { rules, visibleIds, parted, chain }: ConfigReading,
  service: ServiceDefinition,
): void {
  const lasting = [...lastingBounds(parted, chain), parted.said];
  const [field] = widerFields(lasting, rules);
  if (field === undefined) return;
  const { values, origins } = effectiveConfig(lasting, rules);
  const { by, setById, ...place } = visibleOrigin(origins[field] ?? { level: 'default' }, visibleIds);
  const level = Object.values(place).at(-1);
  const said = by === undefined ? level : `set for ${level} by ${setById ?? 'an account above'}`;
  const detail = `/${field}: it is ${values[field]} above (${said}), and can only be narrowed.`;
  const refused = platformError('config.wider', detail);
  throw new ServiceError({ ...refused.fields, rule: `${service.name}.${field}`, level });
}
