import { idKeyword } from '@patchbay/kit/ids';

/** Whether a value is given to the platform or comes from it: what is given may be less exact. */
export type Way = 'input' | 'output';

interface Schema {
  readonly [idKeyword]?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly $ref?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly not?: Schema;
}

/**
 * Prints the part of JSON Schema that definitions use. An unknown shape stops the build: it never becomes `unknown`.
 * @param nameOf the name under which a part is written elsewhere. Undefined: it is written in place.
 */
export function typeSource(
  input: object,
  way: Way,
  nameOf: (part: object) => string | undefined = () => undefined,
): string {
  const named = nameOf(input);
  if (named !== undefined) return named;
  const schema = input as Schema;
  const sourceOf = (part: Schema) => typeSource(part, way, nameOf);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  // A reference is only made by a schema that holds itself, and the one such schema is "any JSON value".
  if (schema.$ref !== undefined) return 'unknown';
  const prefix = schema[idKeyword];
  if (prefix !== undefined) return `${way === 'input' ? 'IdLike' : 'Id'}<${JSON.stringify(prefix)}>`;
  // What a choice without choices is: of the events of a service that has none.
  if (schema.not !== undefined && Object.keys(schema.not).length === 0) return 'never';
  const union = schema.anyOf ?? schema.oneOf;
  if (union) return [...new Set(union.map(sourceOf))].join(' | ');
  if (schema.type === 'array' && schema.items) return `ReadonlyArray<${sourceOf(schema.items)}>`;
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'string' || schema.type === 'boolean' || schema.type === 'null') return schema.type;
  if (schema.type === 'object' && schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, field]) => {
      const mark = schema.required?.includes(name) ? '' : '?';
      return `readonly ${name}${mark}: ${sourceOf(field)}`;
    });
    return `{ ${fields.join('; ')} }`;
  }
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object')
    return `Readonly<Record<string, ${sourceOf(schema.additionalProperties)}>>`;
  throw new Error(`No TypeScript is known for ${JSON.stringify(schema)}.`);
}
