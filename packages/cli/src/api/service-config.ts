import { camelCase, kebabCase } from '@patchbay/kit/name-case';
import { PatchbayError } from '@patchbay/sdk-node';
import { given } from '../given.ts';
import { Refusal } from '../refusal.ts';
import { callMethod } from './call-operation.ts';
import { type CallableOperation, callableOperations, operationsOf } from './operations.ts';
import { flagsOfRequest, readTyped } from './request-flags.ts';

type Fields = Readonly<Record<string, unknown>>;

/** At which level of an account a service is configured; nothing: for all of the account. */
export interface ConfigPlace {
  readonly applicationId?: string;
  readonly instanceType?: string;
  readonly endpointId?: string;
}

/** As every service answers it (POL-2). */
export interface ServiceConfig {
  /** What this level says. */
  readonly stored: Fields;
  readonly effective: Fields;
  /** For each field, the level whose value it is. */
  readonly origins: Readonly<Record<string, { readonly level: string } & Fields>>;
  /** What accounts above set here, the farthest first. */
  readonly fromAbove: readonly { readonly origin: Fields; readonly values: Fields }[];
}

const levelOf = ({ applicationId, instanceType, endpointId }: ConfigPlace): string => {
  if (endpointId !== undefined && applicationId === undefined) return 'Endpoint';
  if (endpointId !== undefined || (instanceType !== undefined && applicationId === undefined))
    throw new Refusal('Name an endpoint by itself, and an instance type with its --application.');
  if (instanceType !== undefined) return 'InstanceType';
  return applicationId === undefined ? '' : 'Application';
};

/** @throws Refusal that names the services that there are. */
function configOperation(service: string, verb: 'get' | 'put', place: ConfigPlace): CallableOperation {
  const found = operationsOf(camelCase(service)).find(
    ({ method }) => method === `${verb}${levelOf(place)}Config`,
  );
  if (found !== undefined) return found;
  const services = callableOperations
    .filter(({ method }) => method === 'getConfig')
    .map(({ group }) => group);
  throw new Refusal(`There is no service ${service}. There are ${services.map(kebabCase).join(', ')}.`);
}

export interface ConfigRequest {
  /** The account above whose word it is. */
  readonly from?: string | undefined;
  readonly service: string;
  readonly place: ConfigPlace;
  readonly account: string | undefined;
}

export async function readConfig({ service, place, account, from }: ConfigRequest): Promise<ServiceConfig> {
  const asked = { ...place, ...given({ from }) };
  const answer = await callMethod(configOperation(service, 'get', place), asked, { account });
  return answer as ServiceConfig;
}

/**
 * Says some fields of one level anew, and others no more: what is named in neither stays as it is there. Of two at once the
 * later is refused, and nothing that the earlier said is lost.
 * @throws PatchbayError `request.precondition_failed` where somebody changed it since it was read.
 */
export async function changeConfig(
  request: ConfigRequest,
  { set, unset }: { readonly set: readonly string[]; readonly unset: readonly string[] },
): Promise<ServiceConfig> {
  const { service, place, account, from } = request;
  const put = configOperation(service, 'put', place);
  const said = valuesIn(put, set);
  const taken = unset.map((name) => flagOf(put, name).path[0]);
  const read = await readConfig(request);
  const kept = Object.entries(read.stored).filter(([name]) => !taken.includes(name));
  const wanted = { ...Object.fromEntries(kept), ...said, ...place, ...given({ from }) };
  try {
    return (await callMethod(put, wanted, { account, unlessChanged: read })) as ServiceConfig;
  } catch (error) {
    if (error instanceof PatchbayError && error.code === 'request.precondition_failed')
      throw new PatchbayError({
        code: error.code,
        status: error.status,
        message:
          'Somebody changed this configuration meanwhile: nothing was set. See `config show`, and say it again.',
        helpUrl: error.helpUrl,
        ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
        ...(error.current === undefined ? {} : { current: error.current }),
      });
    throw error;
  }
}

/** `mode=relay` and `sessionSecondsMax=600`, each read as its field is. */
function valuesIn(put: CallableOperation, pairs: readonly string[]): Fields {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...rest] = pair.split('=');
      if (rest.length === 0) throw new Refusal(`Write field=value, such as mode=relay, not '${pair}'.`);
      const flag = flagOf(put, name);
      return [flag.path[0], readTyped({ ...flag, name }, [rest.join('=')])];
    }),
  );
}

const ofPlace: readonly string[] = ['applicationId', 'instanceType', 'endpointId', 'from'];

function flagOf({ request }: CallableOperation, name: string) {
  const flags = flagsOfRequest(request).filter(
    ({ path: [first, ...deeper] }) => deeper.length === 0 && !ofPlace.includes(first),
  );
  const found = flags.find(({ path: [first] }) => first === name || kebabCase(first) === name);
  if (found !== undefined) return found;
  const names = flags.map(({ path: [first] }) => first);
  throw new Refusal(`It has no field ${name}. There are ${names.join(', ')}.`);
}
