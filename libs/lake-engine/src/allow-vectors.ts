import { upgradedProtocol, VECTORS_PROPERTY, type Action, type DeltaTable } from '@hasivu/delta';

/** Actions that let rows of the table be marked deleted; none where it has them. */
export function allowVectors({ state }: DeltaTable): Action[] {
  const { protocol, metadata, schema } = state;
  if (metadata.configuration[VECTORS_PROPERTY] === 'true') return [];
  const configuration = { ...metadata.configuration, [VECTORS_PROPERTY]: 'true' };
  const upgraded = upgradedProtocol(protocol, schema, configuration);
  return [
    { metaData: { ...metadata, configuration } },
    ...(upgraded === null ? [] : [{ protocol: upgraded }]),
  ];
}
