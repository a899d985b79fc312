/**
 * Writes fixtures/stripe/contract.schema.json: what each request to Stripe that we make may hold, out of the types of the
 * pinned SDK, which Stripe generates from its own specification. Run it whenever the SDK's version or the list of requests
 * changes: `node packages/testing/generate-stripe-contract.ts`. It takes about ten seconds.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildGenerator, getProgramFromFiles } from 'typescript-json-schema';
import {
  adaptersFolder,
  contractPath,
  contractVersion,
  requestParameters,
} from './src/stripe/contract-source.ts';

const folder = path.join(adaptersFolder, 'node_modules/.stripe-contract');
/** The generator takes names as they are: those of requests have dots. */
const identifierOf = (request: string): string => request.replaceAll('.', '_');

/** Definitions are called after the file that they come from, machine and all: only what follows it is theirs. */
const bare = (name: string): string => name.replaceAll(/import\([^)]*\)\.?/g, '').replaceAll(/[^\w.]+/g, '_');

function withoutPaths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPaths);
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' && value.startsWith('#/definitions/')
      ? `#/definitions/${bare(decodeURIComponent(value.slice('#/definitions/'.length)))}`
      : value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, held]) => !(key === 'description' && typeof held === 'string'))
      .map(([key, held]) => [
        key,
        key === 'definitions' && typeof held === 'object' && held !== null
          ? Object.fromEntries(Object.entries(held).map(([name, of]) => [bare(name), withoutPaths(of)]))
          : withoutPaths(held),
      ]),
  );
}

function generate(): string {
  mkdirSync(folder, { recursive: true });
  try {
    // As a module: with CommonJS the namespace is empty, and so would every schema be.
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
    const source = path.join(folder, 'requests.ts');
    const types = Object.entries(requestParameters).map(
      ([request, type]) => `export type ${identifierOf(request)} = Stripe.${type};`,
    );
    writeFileSync(source, ["import Stripe from 'stripe';", ...types].join('\n'));
    // As text: the generator ignores the compiler's own numbers.
    const program = getProgramFromFiles([source], { module: 'nodenext', moduleResolution: 'nodenext' });
    const generator = buildGenerator(program, {
      required: true,
      noExtraProps: true,
      ref: true,
      ignoreErrors: true,
    });
    if (generator === null) throw new Error('The types of the SDK cannot be read.');
    const schemas = Object.keys(requestParameters).map((request) => {
      const schema = withoutPaths(generator.getSchemaForSymbol(identifierOf(request)));
      return [request, schema] as const;
    });
    return `${JSON.stringify({ version: contractVersion(), requests: Object.fromEntries(schemas) })}\n`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const contract = generate();
if (process.argv.includes('--check')) {
  if (readFileSync(contractPath, 'utf8') !== contract) {
    process.stderr.write('The contract is not what the pinned SDK says: run this without --check.\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(contractPath, contract);
  process.stdout.write(`${Object.keys(requestParameters).length} requests, ${contract.length} bytes\n`);
}
