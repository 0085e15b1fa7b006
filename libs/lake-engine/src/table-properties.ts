import { upgradedProtocol, type Action, type DeltaTable } from '@hasivu/delta';

/** Actions that give the table these properties, and the protocol that they need; none where it has them. */
export function setProperties({ state }: DeltaTable, properties: Readonly<Record<string, string>>): Action[] {
  const { protocol, metadata, schema } = state;
  const changed = Object.entries(properties).filter(([name, value]) => {
    const known = metadata.configuration[name];
    // What a table does not have is off.
    return known !== value && !(known === undefined && value === 'false');
  });
  if (changed.length === 0) return [];
  const configuration = { ...metadata.configuration, ...Object.fromEntries(changed) };
  const upgraded = upgradedProtocol(protocol, schema, configuration, schema);
  return [
    { metaData: { ...metadata, configuration } },
    ...(upgraded === null ? [] : [{ protocol: upgraded }]),
  ];
}
