import type { LogicalMessage } from '@hasivu/pgoutput';

export const HEARTBEAT_PREFIX = 'hasivu.heartbeat';

/** @param atMs wall clock of the writer, milliseconds since 1970 */
export function heartbeatContent(source: string, atMs: number): string {
  return JSON.stringify({ source, atMs });
}

/** When `source` wrote the message, or null: it is of another source of the database, or none of ours. */
export function heartbeatTime(source: string, { content }: LogicalMessage): number | null {
  try {
    const said = JSON.parse(content.toString('utf8')) as {
      readonly source?: unknown;
      readonly atMs?: unknown;
    };
    return said.source === source && typeof said.atMs === 'number' ? said.atMs : null;
  } catch {
    return null;
  }
}
