import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { given } from '../given.ts';
import { Refusal } from '../refusal.ts';
import type { CallableOperation } from './operations.ts';
import {
  firstPage,
  flagsOfRequest,
  putField,
  type RequestFlag,
  readTyped,
  refuseUnfit,
} from './request-flags.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What may be said of every call. */
export interface CallFlags {
  readonly account?: string;
  readonly json?: boolean;
  /** The folder of the platform. */
  readonly data?: string;
}

const commonOptions = [
  ['--account <id>', "the account it is about (default: the key's own)"],
  ['--json', 'one line, for a program'],
  ['--data <folder>', 'the data folder of the platform (.patchbay) [PATCHBAY_DATA]'],
] as const;

/** The command of one operation: a flag for each field of its request, and what the definition says as its help. */
export function commandOf(
  operation: CallableOperation,
  call: (fields: Fields, flags: CallFlags) => Promise<void>,
): Command {
  const flags = flagsOfRequest(operation.request);
  const command = new Command(`patchbay api ${operation.name}`)
    .description(operation.summary)
    .usage('[--field value…]')
    .allowExcessArguments(false)
    .showHelpAfterError(`Its fields: patchbay api ${operation.name} --help`)
    .addHelpText('after', () => `\n${afterword(operation, flags)}`);
  const options = flags.map((flag) => {
    const option = optionOf(flag);
    command.addOption(option);
    return { flag, option };
  });
  command.option('--input <file>', "the request as JSON, '-' for standard input; flags go before it");
  // What a field is called as stands before the operation.
  const common = commonOptions
    .map(([written, description]) => new Option(written, description))
    .filter(({ long }) => options.every(({ option }) => option.long !== long));
  for (const option of common) command.addOption(option);
  return command.action(async () => {
    const { input } = command.opts<{ input?: string }>();
    let fields = input === undefined ? {} : await readInput(input);
    for (const { flag, option } of options) {
      const typed: unknown = command.getOptionValue(option.attributeName());
      if (typed === undefined) continue;
      const texts = typed === true ? ['true'] : (typed as readonly string[]);
      fields = putField(fields, flag.path, readTyped(flag, texts));
    }
    refuseUnfit(operation.request, firstPage(operation.request, fields));
    const said = common.map((option) => [
      option.attributeName(),
      command.getOptionValue(option.attributeName()),
    ]);
    await call(fields, given(Object.fromEntries(said)));
  });
}

function optionOf({ name, takes, isBoolean, isRequired, schema }: RequestFlag): Option {
  const described = [
    takes,
    isRequired ? 'needed' : undefined,
    defaultText(schema.default),
    schema.description,
  ];
  const option = new Option(
    `${name} ${isBoolean ? '[value]' : '<value>'}`,
    described.filter(Boolean).join('; '),
  );
  return option.argParser((text: string, before: readonly string[] = []) => [...before, text]);
}

const defaultText = (value: unknown): string | undefined =>
  value === undefined
    ? undefined
    : `default ${typeof value === 'string' ? value || "''" : JSON.stringify(value)}`;

function afterword({ name, rest, scope, errors }: CallableOperation, flags: readonly RequestFlag[]): string {
  const needed = flags.filter(({ isRequired }) => isRequired);
  const example = needed.map((flag) => `${flag.name} ${exampleValue(flag)}`);
  return [
    `REST: ${rest}`,
    `Scope of a key: ${scope}`,
    ...(errors.length === 0 ? [] : [`Refusals of its own: ${errors.join(', ')}`]),
    '',
    `Example: ${['npx patchbay api', name, ...example].join(' ')}`,
  ].join('\n');
}

const exampleValue = ({ takes, isBoolean }: RequestFlag): string => {
  const [first = ''] = takes.split(/,| or /);
  if (isBoolean) return 'true';
  if (first === 'number') return '1';
  if (first === 'JSON') return "'{…}'";
  return first === 'text' ? '…' : first;
};

/** @throws Refusal where it is no JSON object. */
async function readInput(file: string): Promise<Fields> {
  let content: unknown;
  try {
    content = JSON.parse(file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Refusal(`--input ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content))
    return Object.fromEntries(Object.entries(content));
  throw new Refusal(`--input ${file}: a request is one JSON object.`);
}
