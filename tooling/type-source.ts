interface Schema {
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
}

/** Prints the part of JSON Schema that definitions use. An unknown shape stops the build: it never becomes `unknown`. */
export function typeSource(input: object): string {
  const schema = input as Schema;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  // A reference is only made by a schema that holds itself, and the one such schema is "any JSON value".
  if (schema.$ref !== undefined) return 'unknown';
  const union = schema.anyOf ?? schema.oneOf;
  if (union) return [...new Set(union.map(typeSource))].join(' | ');
  if (schema.type === 'array' && schema.items) return `ReadonlyArray<${typeSource(schema.items)}>`;
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'string' || schema.type === 'boolean' || schema.type === 'null') return schema.type;
  if (schema.type === 'object' && schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, field]) => {
      const mark = schema.required?.includes(name) ? '' : '?';
      return `readonly ${name}${mark}: ${typeSource(field)}`;
    });
    return `{ ${fields.join('; ')} }`;
  }
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object')
    return `Readonly<Record<string, ${typeSource(schema.additionalProperties)}>>`;
  throw new Error(`No TypeScript is known for ${JSON.stringify(schema)}.`);
}
