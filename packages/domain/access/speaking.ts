import type { Actor, Entity } from '@patchbay/kit/definition';
import type { CataloguedOperation } from '../tenancy/access.ts';
import { notYours, speakerAmong } from '../tenancy/caller.ts';
import type { AccessPorts } from './ports.ts';

interface Asked {
  readonly entity: Entity;
  readonly actor: Actor;
}

interface Refusable extends Asked {
  readonly error: (code: 'resource.unknown', detail: string) => Error;
}

interface Speaking {
  /** Which it takes to speak. */
  readonly operation: CataloguedOperation;
  readonly named: string | undefined;
}

/** For whom the caller may speak at the account, the highest first. */
export async function speakersAt(
  { entity, actor }: Asked,
  operation: CataloguedOperation,
  { caller }: Pick<AccessPorts, 'caller'>,
): Promise<readonly string[]> {
  const { speakers } = await caller(entity.chain, actor);
  return speakers(operation);
}

/** The account above whose word it is; undefined: the account's own. */
export async function setterOf(
  context: Refusable,
  { operation, named }: Speaking,
  ports: Pick<AccessPorts, 'caller'>,
): Promise<string | undefined> {
  const { accountId } = context.entity;
  const from = speakerAmong(await speakersAt(context, operation, ports), named);
  if (from === undefined) throw context.error('resource.unknown', notYours(named ?? accountId));
  return from === accountId ? undefined : from;
}
