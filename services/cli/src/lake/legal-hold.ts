import { topicPart } from '@hasivu/change-events';
import { lakeTableOf, type HasivuConfig } from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';
import { rootOf } from './lake-table.ts';
import { parseReference } from './table-reference.ts';

/** Of a table on legal hold nothing may go, neither rows nor files. @throws PlatformError LAKE_ON_HOLD */
export function checkHold(config: HasivuConfig, name: string, doing: string): void {
  const hold = lakeTableOf(config, rootOf(parseReference(name)), topicPart)?.config.retention?.hold;
  if (hold === undefined) return;
  throw new PlatformError('LAKE_ON_HOLD', {
    doing,
    why: `the hold is "${hold.name}"`,
    context: { table: name, hold: hold.name },
  });
}
