import { apiVersionNewest } from '@patchbay/kit/api-version';
import { filePath, type OperationDefinition, type OperationFile } from '@patchbay/kit/definition';
import { idNouns } from '@patchbay/kit/id-nouns';
import { pascalCase } from '@patchbay/kit/name-case';
import { z } from 'zod';
import { typeSource } from './type-source.ts';

export interface SdkMethod {
  readonly name: string;
  readonly operation: OperationDefinition;
  readonly path: string;
  readonly isAccountMounted: boolean;
  /** Every service has it, at the same place below its own (API-2). */
  readonly isOfEveryService?: true;
}

/** `client.<key>.<method>()`. */
export interface SdkGroup {
  readonly key: string;
  readonly methods: readonly SdkMethod[];
  /** Of a service, as its paths have it: `network-discovery`. */
  readonly serviceName?: string;
}

/** What a method takes and answers, as JSON Schema. */
interface Bodies {
  readonly request: Body;
  readonly response: Body;
  /** Of a list, or of what may be cut: one of its items or rows. */
  readonly item: object | undefined;
}

interface Body {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

function bodiesOf({ operation }: SdkMethod): Bodies {
  const request = z.toJSONSchema(operation.request, { io: 'input' });
  const response = z.toJSONSchema(operation.response);
  const item = Object.values(response.properties ?? {})
    .map((each) => (typeof each === 'object' ? each.items : undefined))
    .find((each) => typeof each === 'object' && !Array.isArray(each));
  return { request, response, item: typeof item === 'object' ? item : undefined };
}

const isPaged = ({ operation }: SdkMethod) =>
  operation.method === 'GET' && Object.hasOwn(operation.response.shape, 'nextCursor');

/** Its answer may be cut, and says behind what the rest is. */
const isContinued = ({ operation }: SdkMethod) =>
  operation.method === 'GET' &&
  Object.hasOwn(operation.request.shape, 'after') &&
  Object.hasOwn(operation.response.shape, 'nextAfter');

const isEmpty = ({ properties = {} }: Body) => Object.keys(properties).length === 0;

const fileName = ({ name, ending }: OperationFile): string => name ?? ending;

/** The same question, answered as a file: what bounds one answer is not asked. */
function fileRequest({ request }: OperationDefinition): Body {
  const { limit: _limit, after: _after, ...fields } = request.shape;
  return z.toJSONSchema(z.object(fields), { io: 'input' });
}

interface NamedType {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
}

/** How a client names what it sends and gets: `pb.webhooks.create()` takes a `WebhooksCreateRequest`. */
const nameOf = ({ key }: SdkGroup, method: string) => pascalCase(key) + pascalCase(method);

/** Things with an id, by their schema as JSON: `Webhook`. The OpenAPI document calls them the same. */
function nounsOf(groups: readonly SdkGroup[]): ReadonlyMap<string, string> {
  const responses = groups.flatMap(({ methods }) => methods.map((method) => bodiesOf(method).response));
  return idNouns(responses);
}

function typesOf(groups: readonly SdkGroup[]): readonly NamedType[] {
  const nouns = nounsOf(groups);
  const within = (schema: object) => nouns.get(JSON.stringify(schema));
  /** A thing is written where it is named, and named wherever else it comes. */
  const written = (schema: object) =>
    typeSource(schema, 'output', (inner) => (inner === schema ? undefined : within(inner)));
  const answer = (schema: object) => within(schema) ?? written(schema);
  const things = [...nouns].map(([text, name]) => ({
    name,
    summary: 'As the platform answers it.',
    source: written(JSON.parse(text)),
  }));
  const bodies = groups.flatMap((group) =>
    group.methods.flatMap((method) => {
      const { request, response, item } = bodiesOf(method);
      const name = nameOf(group, method.name);
      const call = `\`${group.key}.${method.name}\``;
      const asked = isEmpty(request)
        ? []
        : [{ name: `${name}Request`, summary: `What ${call} takes.`, source: typeSource(request, 'input') }];
      const files = (method.operation.files ?? []).map((file) => ({
        name: `${nameOf(group, fileName(file))}Request`,
        summary: `What \`${group.key}.${fileName(file)}\` takes.`,
        source: typeSource(fileRequest(method.operation), 'input'),
      }));
      const each =
        item !== undefined && (isPaged(method) || isContinued(method))
          ? [{ name: `${name}Item`, summary: `One of what ${call} answers.`, source: answer(item) }]
          : [];
      const whole = isPaged(method)
        ? []
        : [{ name: `${name}Response`, summary: `What ${call} answers.`, source: answer(response) }];
      return [...asked, ...files, ...each, ...whole];
    }),
  );
  refuseTwins([...things, ...bodies]);
  return [...things, ...bodies];
}

function refuseTwins(types: readonly NamedType[]): void {
  for (const [name, { length }] of Map.groupBy(types, (type) => type.name))
    if (length > 1) throw new Error(`Two types would be called ${name} in the SDK.`);
}

/** The names that `client.<resource>.<operation>()` has for what it takes and answers. */
export function operationTypeLines(groups: readonly SdkGroup[]): string[] {
  return [
    "import type { Id, IdLike } from './ids.ts';",
    ...typesOf(groups).flatMap(({ name, summary, source }) => [
      '',
      `/** ${summary} */`,
      `export type ${name} = ${source};`,
    ]),
  ];
}

/** The same names, where a package offers those of another as its own. */
export function namedAgainLines(groups: readonly SdkGroup[], from: string): string[] {
  return ['export type {', ...typesOf(groups).map(({ name }) => `  ${name},`), `} from '${from}';`];
}

const accountPath = '/v1/accounts/{accountId}';

export function operationLines(groups: readonly SdkGroup[]): string[] {
  const names = typesOf(groups).map(({ name }) => name);
  const methods = groups.flatMap((group) => [
    `  readonly ${group.key}: {`,
    ...group.methods.flatMap((method) => methodLines(group, method)),
    '  };',
  ]);
  const used = names.filter((name) => methods.some((line) => new RegExp(`\\b${name}\\b`).test(line)));
  return [
    "import type { AnsweredFile } from './answered-file.ts';",
    "import type { CallOptions } from './call-options.ts';",
    "import type { Continued } from './continued.ts';",
    "import type { IdLike } from './ids.ts';",
    "import type { List } from './list.ts';",
    'import type {',
    ...used.map((name) => `  ${name},`),
    "} from './operation-types.generated.ts';",
    '',
    'export interface Operations {',
    ...methods,
    '}',
    '',
    '/** The version of the API that these are of: each request names it. */',
    `export const apiVersion = '${apiVersionNewest}';`,
    '',
    '/** What `~` stands for: the paths are most of what a browser loads of this table. */',
    `export const accountPath = '${accountPath}';`,
    '',
    ...sharedRouteLines(groups),
    '/** Method and path. LIST: a GET whose answer is a page of a list. MORE: one whose answer may be cut. FILE: of a file. */',
    'export const operations = {',
    ...groups.flatMap((group) => [`  ${group.key}: {`, ...groupRouteLines(group), '  },']),
    '} as const;',
  ];
}

const isOfEveryService = (method: SdkMethod): boolean => method.isOfEveryService === true;

/** What every service has is written once: it is most of the table, and would be most of what a browser loads. */
function sharedRouteLines(groups: readonly SdkGroup[]): string[] {
  const [one] = groups.filter(({ methods }) => methods.some(isOfEveryService));
  if (one === undefined) return [];
  const below = `/services/${one.serviceName}`;
  const places = new Map<string, string>();
  const lines = one.methods
    .filter(isOfEveryService)
    .flatMap(routeLines)
    .map((line) =>
      line.replace(/'(\w+) (.*)'/, (_route, verb: string, path: string) => {
        const [place = '', rest = ''] = path.split(below);
        places.set(placeName(place), place);
        return `\`${verb} \${${placeName(place)}}${rest}\``;
      }),
    );
  const prefixes = [...places].map(([name, place]) => `  const ${name} = \`${place}/services/\${service}\`;`);
  return ['const ofService = (service: string) => {', ...prefixes, '  return {', ...lines, '  };', '};', ''];
}

/** Whose services those are whose paths begin so: of `~/endpoints/{endpointId}`, `endpoint`. */
const placeName = (place: string): string => /\{(\w+?)(?:Id)?\}$/.exec(place)?.[1] ?? 'account';

function groupRouteLines({ methods, serviceName }: SdkGroup): string[] {
  const own = methods.filter((method) => !isOfEveryService(method)).flatMap(routeLines);
  return serviceName === undefined ? own : [...own, `    ...ofService('${serviceName}'),`];
}

function routeLines(method: SdkMethod): string[] {
  const { name, operation, path: whole } = method;
  const verb = isPaged(method) ? 'LIST' : isContinued(method) ? 'MORE' : operation.method;
  const path = whole.startsWith(accountPath) ? `~${whole.slice(accountPath.length)}` : whole;
  const { files = [] } = operation;
  return [
    `    ${name}: '${verb} ${path}',`,
    ...files.map((file) => `    ${fileName(file)}: 'FILE ${filePath(path, file)}',`),
  ];
}

interface Signature {
  readonly summary: string;
  readonly takes: Body;
  readonly answers: string;
}

/** A list is an async iterator of its items; every method takes the account first, or leaves it to the key. */
function methodLines(group: SdkGroup, method: SdkMethod): string[] {
  const { operation, isAccountMounted } = method;
  const { request, item } = bodiesOf(method);
  const name = nameOf(group, method.name);
  const answer =
    isPaged(method) && item
      ? `List<${name}Item>`
      : isContinued(method) && item
        ? `Continued<${name}Response, ${name}Item>`
        : `Promise<${name}Response>`;
  const signatures = (called: string, { summary, takes, answers }: Signature) => {
    const mark = (takes.required ?? []).length === 0 ? '?' : '';
    const type = isEmpty(takes) ? 'Record<string, never>' : `${nameOf(group, called)}Request`;
    const firsts = isAccountMounted ? ['accountId: IdLike<"acc">, ', ''] : [''];
    return firsts.flatMap((first) => [
      `    /** ${summary} */`,
      `    ${called}(${first}request${mark}: ${type}, options?: CallOptions): ${answers};`,
    ]);
  };
  return [
    ...signatures(method.name, { summary: operation.summary, takes: request, answers: answer }),
    ...(operation.files ?? []).flatMap((file) =>
      signatures(fileName(file), {
        summary: file.summary,
        takes: fileRequest(operation),
        answers: 'Promise<AnsweredFile>',
      }),
    ),
  ];
}
