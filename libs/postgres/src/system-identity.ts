import { parseLsn, type Lsn } from '@hasivu/change-events';

import type { WireConnection } from './wire-connection.ts';

/** Where a timeline was left for its successor: what was written on it behind that is not part of this server. */
export interface TimelineBranch {
  readonly timeline: number;
  readonly endLsn: Lsn;
}

export interface SystemIdentity {
  /** Made by initdb; the same for a primary and all its standbys. */
  readonly systemId: string;
  readonly timeline: number;
  /** End of the server's log. */
  readonly endLsn: Lsn;
  /** The timelines before this one. */
  readonly history: readonly TimelineBranch[];
}

/** Asks a replication session which server this is and on which history. */
export async function identifySystem(connection: WireConnection): Promise<SystemIdentity> {
  const doing = 'identifying the source server';
  const [row] = await connection.query(doing, 'IDENTIFY_SYSTEM');
  const timeline = Number(row?.[1]);
  const history = timeline > 1 ? await connection.query(doing, `TIMELINE_HISTORY ${timeline}`) : [];
  return {
    systemId: row?.[0] ?? '',
    timeline,
    endLsn: parseLsn(row?.[2] ?? ''),
    history: parseTimelineHistory(history[0]?.[1] ?? ''),
  };
}

/** A history file: one line per earlier timeline, `<timeline> <end> <reason>`, and comments. */
export function parseTimelineHistory(text: string): TimelineBranch[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*(\d+)\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)/.exec(line);
    return found ? [{ timeline: Number(found[1]), endLsn: parseLsn(found[2] as string) }] : [];
  });
}
