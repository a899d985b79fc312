/**
 * A value as PostgreSQL can store it: text and jsonb take neither U+0000 nor half of a surrogate pair. What nodes report
 * is kept with the character replaced, because a line that cannot be stored would hold up all that come after it.
 */
export function storable<Value>(value: Value): Value {
  if (typeof value === 'string') return value.replaceAll('\0', '\uFFFD').toWellFormed() as Value;
  if (Array.isArray(value)) return value.map(storable) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [storable(name), storable(each)]),
  ) as Value;
}
