import { createHash } from 'node:crypto';

import type { Lsn } from '@hasivu/change-events';
import type { LogicalMessage } from '@hasivu/pgoutput';

import type { RecordHeaders } from './event-writer.ts';
import type { TransactionObserver } from './transaction-observer.ts';

/** Prefix of the logical message with which a transaction names the trace that it belongs to. */
export const TRACE_PREFIX = 'hasivu.trace';

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The W3C trace context of the transaction at hand, as the header `traceparent` of its events. It is built once per
 * transaction: from the commit LSN, the xid and the source, so that a replay gives the same, unless the transaction said
 * its own in a logical message before its changes.
 */
export class TraceContext implements TransactionObserver {
  readonly #source: string;
  #headers: RecordHeaders = [];

  /** @param source what tells this source from others, such as its database and slot */
  constructor(source: string) {
    this.#source = createHash('sha256').update(source).digest('hex').slice(0, 8);
  }

  onBegin(xid: number, commitLsn: Lsn): void {
    const lsn = commitLsn.toString(16).padStart(16, '0');
    this.#set(`00-${lsn}${xid.toString(16).padStart(8, '0')}${this.#source}-${lsn}-01`);
  }

  onCommit(): void {
    this.#headers = [];
  }

  /** Takes the trace that the transaction names; one that is not a `traceparent` is passed over. */
  message({ transactional, content }: LogicalMessage): void {
    const text = content.toString('latin1');
    if (transactional && TRACEPARENT.test(text)) this.#set(text);
  }

  /** The header, and behind it those that the event has of its own. */
  with(own: RecordHeaders | undefined): RecordHeaders {
    return own === undefined ? this.#headers : [...this.#headers, ...own];
  }

  #set(traceparent: string): void {
    this.#headers = [['traceparent', Buffer.from(traceparent)]];
  }
}
