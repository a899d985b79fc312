/**
 * A client in another language, made from the OpenAPI document by a generator that is not ours. Of the generators that come
 * from npm alone, quicktype is the one that writes another language than TypeScript; it makes the classes of all bodies,
 * which read and write with a check of each field, and what sends them is driven by the same document.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { InputData, JSONSchemaInput, quicktype } from 'quicktype-core';
import { customerEnvironment } from '../env.ts';

const run = promisify(execFile);
const python = 'python3';

export const isPythonInstalled = (): Promise<boolean> =>
  run(python, ['-c', 'import sys; sys.exit(sys.version_info < (3, 8))']).then(
    () => true,
    () => false,
  );

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}
interface Operation {
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** The class of each body that the document has, in Python. */
async function pythonModels({ paths, components }: Document): Promise<string> {
  const operations = Object.values(paths).flatMap((served) => Object.values(served));
  const bodies = operations.flatMap(({ requestBody, responses }) => [
    requestBody,
    ...Object.values(responses),
  ]);
  const refs = bodies.flatMap((body) =>
    // What is answered as a file has no parts that need names.
    Object.entries(body?.content ?? {}).flatMap(([type, { schema }]) =>
      type.endsWith('json') ? [refOf(schema)] : [],
    ),
  );
  // It names a class after a schema's title, and after the words around it where there is none.
  const titled = Object.entries(components.schemas).map(([title, schema]) => [title, { title, ...schema }]);
  const schema = JSON.stringify({ components: { schemas: Object.fromEntries(titled) } });
  const input = new JSONSchemaInput(undefined);
  await input.addSource({ name: 'api', uris: [...new Set(refs)], schema });
  const inputData = new InputData();
  inputData.addInput(input);
  const rendererOptions = { 'python-version': '3.7' } as const;
  const { lines } = await quicktype({ inputData, lang: 'python', combineClasses: false, rendererOptions });
  return lines.join('\n');
}

function refOf(schema: object): string {
  const ref = '$ref' in schema ? String(schema.$ref) : '';
  if (!ref.startsWith('#/components/')) throw new Error('A body of the document has no name.');
  return ref;
}

/** A folder with the generated classes, the document, and the programs beside this file. */
export class PythonClient {
  readonly folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'patchbay-python-'));

  async generate(document: object): Promise<void> {
    cpSync(path.join(import.meta.dirname, 'python'), this.folder, { recursive: true });
    writeFileSync(path.join(this.folder, 'openapi.json'), JSON.stringify(document));
    writeFileSync(path.join(this.folder, 'models.py'), await pythonModels(document as Document));
  }

  /** Runs one of the programs, and answers the JSON that it printed. */
  async run(program: string, args: readonly string[]): Promise<unknown> {
    const command = ['-I', path.join(this.folder, program), this.folder, ...args];
    const { stdout } = await run(python, command, { env: customerEnvironment({}), timeout: 60_000 });
    return JSON.parse(stdout);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
