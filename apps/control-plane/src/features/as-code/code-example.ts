import { commandLine } from '@patchbay/faces/command-line';
import { type MountedOperation, mountedOperations } from '@patchbay/faces/mounted';
import type { Snippet } from '@patchbay/ui/code-panel';
import type { Inputs } from '../../trpc/client.ts';

export interface CodeExample {
  readonly title: string;
  readonly snippets: readonly Snippet[];
}

/** By the names that the SDK gives them: `accounts.create`. */
const operations: ReadonlyMap<string, MountedOperation> = new Map(
  mountedOperations.map((mounted) => [`${mounted.group}.${mounted.name}`, mounted]),
);

type Name<R extends keyof Inputs> = { [K in R]: `${K & string}.${keyof Inputs[K] & string}` }[R];
export type OperationName = Name<keyof Inputs>;

type InputOf<N extends OperationName> = N extends `${infer R}.${infer O}`
  ? R extends keyof Inputs
    ? O extends keyof Inputs[R]
      ? Inputs[R][O]
      : never
    : never
  : never;

export interface ExampleRequest<N extends OperationName> {
  readonly operation: N;
  /** As the dashboard itself sends it. */
  readonly input: InputOf<N>;
  /** Default: the summary of the operation. */
  readonly title?: string;
  /** The same with a command of its own, where the command line has a shorter one than for every operation. */
  readonly cli?: string;
}

/** As wide as a code panel shows without scrolling. */
const LINE_LENGTH_MAX = 76;

/** One operation with its real ids as SDK, curl and CLI. All but the shorter commands are derived from its definition. */
export function exampleOf<N extends OperationName>(request: ExampleRequest<N>): CodeExample {
  return exampleOfAny({ ...request, input: Object.fromEntries(Object.entries(request.input)) });
}

/** The same of an operation that is known by its name alone, such as one that every service has. */
export function exampleOfAny(request: {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly title?: string;
  readonly cli?: string;
}): CodeExample {
  const { operation: name, input } = request;
  const found = operations.get(name);
  if (found === undefined) throw new Error(`No operation is called ${name}.`);
  return {
    title: request.title ?? found.operation.summary,
    snippets: [
      { name: 'SDK', code: sdkCode(name, found, input) },
      { name: 'curl', code: curlCode(found, input) },
      {
        name: 'CLI',
        code: `npx ${request.cli === undefined ? commandLine(name, input) : `patchbay ${request.cli}`}`,
      },
    ],
  };
}

function sdkCode(
  name: string,
  { mount, operation }: MountedOperation,
  input: Readonly<Record<string, unknown>>,
): string {
  const { accountId, ...rest } = input;
  const isList = 'nextCursor' in operation.response.shape;
  const before = `${isList ? 'for await (const item of' : 'const result = await'} pb.${name}(`;
  const account = mount === 'account' ? [`'${String(accountId)}'`] : [];
  const body = Object.keys(rest).length === 0 ? [] : [literal(rest)];
  const call = `${before}${[...account, ...body].join(', ')})`;
  const isLong = call.length > LINE_LENGTH_MAX && body.length > 0;
  const shown = isLong ? `${before}${[...account, literal(rest, '', true)].join(', ')})` : call;
  return [
    "import { Patchbay } from '@patchbay/sdk-node';",
    '',
    'const pb = new Patchbay();',
    ...(isList ? [`${shown}) {`, '  console.log(item);', '}'] : [`${shown};`, 'console.log(result);']),
  ].join('\n');
}

function curlCode({ operation, path }: MountedOperation, input: Readonly<Record<string, unknown>>): string {
  const used = new Set<string>();
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    used.add(name);
    return encodeURIComponent(String(input[name] ?? `{${name}}`));
  });
  const rest = Object.entries(input).filter(([name, value]) => !used.has(name) && value !== undefined);
  const isRead = operation.method === 'GET';
  const query =
    isRead && rest.length > 0 ? `?${new URLSearchParams(rest.map(([k, v]) => [k, String(v)]))}` : '';
  const lines = [
    `curl "$PATCHBAY_URL${filled}${query}"`,
    ...(isRead ? [] : [`-X ${operation.method}`]),
    '-H "Authorization: Bearer $PATCHBAY_KEY"',
    ...(isRead || rest.length === 0
      ? []
      : ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(Object.fromEntries(rest), null, 2)}'`]),
  ];
  return lines.join(' \\\n  ');
}

/** A value as JavaScript, with the quotes and commas of our own style. */
export function literal(value: unknown, indent = '', isBroken = false): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, indent)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const parts = entries.map(([name, inner]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`;
    return `${key}: ${literal(inner, `${indent}  `)}`;
  });
  const line = `{ ${parts.join(', ')} }`;
  return !isBroken && line.length + indent.length <= 60
    ? line
    : `{\n${parts.map((part) => `${indent}  ${part},`).join('\n')}\n${indent}}`;
}
