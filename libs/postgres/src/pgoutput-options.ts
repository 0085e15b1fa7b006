import { PlatformError } from '@hasivu/errors';

import { quoteIdentifier, quoteLiteral } from './sql-quote.ts';

export interface PgoutputChoices {
  readonly publication: string;
  /** e.g. 180004. */
  readonly serverVersion: number;
  /** Send large transactions while they are in progress. */
  readonly streaming: boolean;
  /** Send prepared transactions when they are prepared (version 15). */
  readonly twoPhase: boolean;
  /** `none` leaves out what a replication origin wrote (version 16). */
  readonly origin: 'any' | 'none';
  /** Send values in binary; those of types without a binary form still come as text. */
  readonly binary: boolean;
}

/** Refuses options that the server is too old for, before anything is made. @throws PlatformError SOURCE_SERVER_TOO_OLD */
export function checkPgoutputSupport(
  serverVersion: number,
  { twoPhase, origin }: Pick<PgoutputChoices, 'twoPhase' | 'origin'>,
): void {
  if (twoPhase) demandVersion(serverVersion, 15, 'twoPhase: true');
  if (origin === 'none') demandVersion(serverVersion, 16, 'origin: none');
}

/** The option that asks for binary values. */
export const BINARY = `binary 'true'`;

/**
 * Options of pgoutput for START_REPLICATION: the newest protocol the server speaks, up to version 4.
 * @throws PlatformError SOURCE_SERVER_TOO_OLD
 */
export function pgoutputOptions(choices: PgoutputChoices): string {
  const { publication, serverVersion, streaming, twoPhase, origin, binary } = choices;
  checkPgoutputSupport(serverVersion, choices);
  const protocol = serverVersion >= 160000 ? 4 : serverVersion >= 150000 ? 3 : 2;
  const options = [
    `proto_version '${protocol}'`,
    `publication_names ${quoteLiteral(quoteIdentifier(publication))}`,
    `messages 'true'`,
  ];
  // Parallel only adds the time of an abort, for subscribers that apply before the commit; it costs nothing.
  if (streaming) options.push(`streaming '${protocol >= 4 ? 'parallel' : 'on'}'`);
  if (twoPhase) options.push(`two_phase 'true'`);
  if (origin === 'none') options.push(`origin 'none'`);
  if (binary) options.push(BINARY);
  return options.join(', ');
}

function demandVersion(serverVersion: number, needed: number, option: string): void {
  if (serverVersion >= needed * 10_000) return;
  throw new PlatformError('SOURCE_SERVER_TOO_OLD', {
    doing: 'checking the source server',
    why: `source.postgres has ${option}, which needs server version ${needed}, and the server's is ${Math.floor(serverVersion / 10_000)}`,
    context: { version: serverVersion },
  });
}
