import { domains } from '@patchbay/domain/registry.generated';
import type { CountableEvents } from '@patchbay/domain/triggers/ports';
import type { DimensionValues } from '@patchbay/kit/definition';
import { services } from '@patchbay/services/registry.generated';
import { z } from 'zod';

type Fields = Readonly<Record<string, DimensionValues>>;
type Schema = z.core.JSONSchema.BaseSchema;

/** What services and domains tell of, but for the firings of triggers themselves: those would count their own. */
export function countableEvents(): CountableEvents {
  const declared = [...Object.values(services), ...Object.values(domains)]
    .filter(({ name }) => name !== 'triggers')
    .flatMap(({ name, events }) =>
      Object.entries(events as Readonly<Record<string, z.ZodType>>).map(
        ([event, payload]) => [`${name}.${event}`, textFieldsOf(z.toJSONSchema(payload))] as const,
      ),
    );
  return new Map(declared.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Fields that hold text: a filter names a text, which is found nowhere else. */
function textFieldsOf({ properties = {}, anyOf = [], oneOf = [] }: Schema): Fields {
  const own = Object.entries(properties).flatMap(([name, field]) => {
    const values = typeof field === 'object' ? textValuesOf(field) : undefined;
    return values === undefined ? [] : [[name, values] as const];
  });
  const parts = [...anyOf, ...oneOf].map((part) => textFieldsOf(part as Schema));
  return Object.fromEntries([...parts.flatMap((part) => Object.entries(part)), ...own]);
}

function textValuesOf({ type, enum: values, const: only }: Schema): DimensionValues | undefined {
  if (type !== 'string') return undefined;
  if (only !== undefined) return [String(only)];
  return values === undefined ? 'open' : values.map(String);
}
