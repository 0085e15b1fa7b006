interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  /** One section or a list of them: `then` is the list, `else` the section. */
  readonly then?: Schema;
  readonly else?: Schema;
}

/** `docs/config.md`: one row per field of `hasivu.yaml`. */
export function configReference(schema: object): string {
  const rows: string[] = [];
  walk(schema, '', rows);
  return `${[
    '# Configuration',
    '',
    'Every field of `hasivu.yaml`, made from `libs/config/src/config-schema.ts` by `node docs/generate.ts`. `hasivu config check -f FILE` lists every mistake of a file; editors take the JSON schema `docs/hasivu.schema.json` (`# yaml-language-server: $schema=…`).',
    'A string may be a reference: `env:NAME` or `file:PATH`. `HASIVU__KAFKA__PREFIX=x` in the environment overrides `kafka.prefix`; an entry of a list is meant by its `name` or its place, from 0 (`HASIVU__SOURCE__POSTGRES__NORTH__URL`).',
    '',
    '| field | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n')}\n`;
}

function walk(schema: Schema, path: string, rows: string[]): void {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const at = path ? `${path}.${name}` : name;
    if (field.else) {
      rows.push(row(at, { ...field, type: 'section or list of sections' }, false));
      walk(field.else, at, rows);
      continue;
    }
    if (field.properties || field.patternProperties) {
      for (const nested of Object.values(field.patternProperties ?? {}))
        walk(nested, `${at}.<schema.table>`, rows);
      walk(field, at, rows);
      continue;
    }
    rows.push(row(at, field, schema.required?.includes(name) ?? false));
    for (const branch of objectsIn(field)) walk(branch, `${at}[]`, rows);
  }
}

function objectsIn(field: Schema): Schema[] {
  const items = field.items;
  if (!items) return [];
  return (items.anyOf ?? [items]).filter((branch) => branch.properties);
}

function row(path: string, field: Schema, required: boolean): string {
  const value =
    field.default !== undefined ? `\`${JSON.stringify(field.default)}\`` : required ? 'required' : '';
  return `| \`${path}\` | ${typeName(field)} | ${value} | ${(field.description ?? '').replaceAll('|', '\\|')} |`;
}

function typeName(field: Schema): string {
  if (field.anyOf)
    return field.anyOf
      .map((branch) =>
        branch.const === undefined ? typeName(branch) : `\`${JSON.stringify(branch.const)}\``,
      )
      .join(' or ');
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  const bounds = [
    field.minimum === undefined ? '' : `≥ ${field.minimum}`,
    field.maximum === undefined ? '' : `≤ ${field.maximum}`,
  ]
    .filter(Boolean)
    .join(', ');
  if (field.type === 'array') return `list of ${field.items ? typeName(field.items) : 'values'}`;
  return `${field.type ?? 'value'}${bounds ? ` ${bounds}` : ''}`;
}
