import type { DeltaField, DeltaType } from '@hasivu/delta';
import { engineType, identifier } from './engine-sql.ts';

/** Gives the parts of a nested value, whose type is `has`, the names that they have in `wanted`: types of one form. */
export function namedParts(value: string, has: DeltaType, wanted: DeltaType, depth = 0): string {
  if (typeof has === 'string' || typeof wanted === 'string' || engineType(has) === engineType(wanted))
    return value;
  // Of a name of its own: an inner one would hide the outer.
  const each = `e${depth}`;
  const inside = (part: string, from: DeltaType, to: DeltaType): string =>
    namedParts(part, from, to, depth + 1);
  if (has.type === 'array' && wanted.type === 'array')
    return `list_transform(${value}, lambda ${each}: ${inside(each, has.elementType, wanted.elementType)})`;
  if (has.type === 'map' && wanted.type === 'map') {
    const key = inside(`${each}.key`, has.keyType, wanted.keyType);
    const entry = `{key: ${key}, value: ${inside(`${each}.value`, has.valueType, wanted.valueType)}}`;
    return `CASE WHEN ${value} IS NOT NULL THEN map_from_entries(list_transform(map_entries(${value}), lambda ${each}: ${entry})) END`;
  }
  if (has.type !== 'struct' || wanted.type !== 'struct') return value;
  const parts = wanted.fields.map((inner, at) => {
    const own = has.fields[at] as DeltaField;
    return `${identifier(inner.name)}: ${inside(`${value}.${identifier(own.name)}`, own.type, inner.type)}`;
  });
  return `CASE WHEN ${value} IS NOT NULL THEN {${parts.join(', ')}} END`;
}
