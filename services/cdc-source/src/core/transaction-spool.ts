import type { Lsn } from '@hasivu/change-events';

import { SpoolBuffer } from './spool-record.ts';
import { XidSet } from './xid-set.ts';

/** The messages of one transaction that has not taken effect yet: the older ones perhaps on disk, the newest in memory. */
export class TransactionSpool {
  readonly xid: number;
  readonly memory = new SpoolBuffer();
  /** Subtransactions that were rolled back: their changes are left out. */
  readonly aborted = new XidSet();
  /** Bytes that were moved to the disk. */
  diskBytes = 0;
  /** Start of the prepare record, once the transaction is prepared. */
  prepareLsn: Lsn | null = null;

  constructor(xid: number) {
    this.xid = xid;
  }
}
