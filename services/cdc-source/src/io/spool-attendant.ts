import { MESSAGE, parseLogical } from '@hasivu/pgoutput';

import { AFTER, type ChangeRouter } from '../core/change-router.ts';
import { subtransactionOf } from '../core/ddl-message.ts';
import type { DdlTokens } from '../core/ddl-tokens.ts';
import type { StreamIntake } from '../core/stream-intake.ts';
import type { TransactionSpool } from '../core/transaction-spool.ts';
import type { XidSet } from '../core/xid-set.ts';
import { failpoint } from '../failpoints.ts';
import type { SpoolDisk } from './spool-disk.ts';

export interface SpoolAttendantOptions {
  readonly intake: StreamIntake;
  readonly router: ChangeRouter;
  readonly disk: SpoolDisk;
  readonly ddlTokens: DdlTokens;
  /** Does what the router asks for with `AFTER`. */
  readonly adopt: (router: ChangeRouter) => Promise<void>;
  /** Sends or commits when that is due by size; nothing to wait for otherwise. */
  readonly relieve: () => Promise<void> | undefined;
  /** One turn of the loop: commits when that is due by time. False when the run is to stop. */
  readonly turn: () => Promise<boolean>;
}

/** Does what the intake asks for: moves spools to the disk, routes the complete ones, forgets those rolled back. */
export class SpoolAttendant {
  readonly #options: SpoolAttendantOptions;

  constructor(options: SpoolAttendantOptions) {
    this.#options = options;
  }

  async attend(): Promise<void> {
    const { intake, router, disk } = this.#options;
    const { task } = intake;
    if (task === null) return;
    const { spool } = task;
    if (task.kind === 'spill') {
      await disk.spill(spool);
      failpoint('spool-spilled');
      intake.spilled(spool);
      return;
    }
    if (task.kind === 'replay') {
      router.beginReplay(task.commit);
      // A run that stops in the middle has told what is accepted so far, as in any large transaction.
      if (!(await this.#route(spool))) return;
      router.endReplay(task.commit);
      failpoint('spool-replayed');
    }
    await disk.drop(spool);
    intake.finished(spool);
  }

  /** Routes the spool's messages, with the same pauses as those of any other transaction. False when the run stops. */
  async #route(spool: TransactionSpool): Promise<boolean> {
    const { router, disk, ddlTokens, adopt, relieve, turn } = this.#options;
    const { aborted } = spool;
    for await (const cursor of disk.pieces(spool)) {
      while (cursor.next()) {
        const { buffer, start, end } = cursor;
        // A description counts even then: whether the server sends it again is its own business.
        if (!aborted.isEmpty && rolledBack(aborted, cursor.xid, buffer, start, ddlTokens)) continue;
        while (router.handle(buffer, start, end, cursor.lsnHi, cursor.lsnLo) !== AFTER.nothing) {
          await adopt(router);
        }
        const relief = relieve();
        if (relief) await relief;
      }
      if (!(await turn())) return false;
      failpoint('spool-replaying');
    }
    return true;
  }
}

/** The server gives every message the id of the transaction, where it gives a row that of its subtransaction. */
function rolledBack(
  aborted: XidSet,
  xid: number,
  buffer: Buffer,
  start: number,
  ddlTokens: DdlTokens,
): boolean {
  const tag = buffer[start];
  if (tag === MESSAGE.relation) return false;
  return (
    aborted.has(xid) ||
    (tag === MESSAGE.logical && aborted.has(subtransactionOf(parseLogical(buffer, start), ddlTokens)))
  );
}
