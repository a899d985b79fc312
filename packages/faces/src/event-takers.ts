import type { Cable } from '@patchbay/domain/hooks/callback-loop';
import type { Callback } from '@patchbay/domain/hooks/callbacks';
import {
  type EventTaker,
  isServiceTarget,
  readTarget,
  type ServiceTarget,
  takerName,
} from '@patchbay/domain/hooks/service-target';
import type { OperationDefinition } from '@patchbay/kit/definition';
import { type MountedOperation, mountedOperations } from './mounted.ts';

interface Mounted extends EventTaker {
  readonly mounted: MountedOperation;
}

/** The operations that take events, as the definitions of their services declare it (HKS-4). */
export const eventTakers: readonly Mounted[] = mountedOperations.flatMap((mounted) => {
  const { owner, name, operation } = mounted;
  const { takesEvents, request }: OperationDefinition = operation;
  if (owner.kind !== 'service' || takesEvents === undefined) return [];
  const service = owner.definition.name;
  const emits = takesEvents.emits.map((event) => `${service}.${event}`);
  return [{ service, operation: name, request, ...takesEvents, emits, mounted }];
});

/** How that which a target names is served. */
export const takerOf = ({ taker: { service, operation } }: ServiceTarget): Mounted | undefined =>
  eventTakers.find((one) => one.service === service && one.operation === operation);

/** Where a callback leads to within the platform. One whose operation is there no longer leads nowhere. */
export const cablesOf = ({ url, fallbackUrl, events }: Callback): readonly Cable[] =>
  [url, fallbackUrl].flatMap((text) => {
    if (text === undefined || !isServiceTarget(text)) return [];
    const target = readTarget(text, eventTakers);
    return 'problem' in target
      ? []
      : [{ events, target: takerName(target.taker), emits: target.taker.emits }];
  });
