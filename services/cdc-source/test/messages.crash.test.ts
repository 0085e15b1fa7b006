import { topicNames } from '@hasivu/change-events';
import { waitFor } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { SourceUnderTest } from './source-under-test.ts';

interface MessageEvent {
  readonly key: unknown;
  readonly op: unknown;
  readonly content: string;
  readonly prefix: unknown;
  readonly txId: unknown;
  readonly commitLsn: bigint;
  readonly seq: number;
  readonly transaction: { id: string; total_order: number; data_collection_order: number } | null;
}

/** The events of logical messages, in the order of their positions. */
async function messages(source: SourceUnderTest): Promise<MessageEvent[]> {
  const events: MessageEvent[] = [];
  for (const record of await source.records(topicNames(source.topics.prefix).message)) {
    const key = await source.decodeAvro(record.key);
    const value = await source.decodeAvro(record.value);
    const block = value['source'] as Record<string, unknown>;
    const message = value['message'] as { prefix: unknown; content: Uint8Array };
    events.push({
      key: key['prefix'],
      op: value['op'],
      prefix: message.prefix,
      content: Buffer.from(message.content).toString(),
      txId: block['txId'],
      commitLsn: BigInt(block['commit_lsn'] as number),
      seq: Number(block['seq']),
      transaction: value['transaction'] as MessageEvent['transaction'],
    });
  }
  return events.sort((a, b) =>
    a.commitLsn === b.commitLsn ? a.seq - b.seq : a.commitLsn < b.commitLsn ? -1 : 1,
  );
}

test('messages are events, in and out of transactions, once though the source is killed; ours and excluded ones are none', async () => {
  await using source = await SourceUnderTest.create('messages');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY)');
  const options = {
    tables: ['public.items'],
    postgres: 'messages: { exclude: ["secret.*"] }, transactionTopic: true',
  };
  await source.start(options);
  const emit = (transactional: boolean, prefix: string, content: string): string =>
    `SELECT pg_logical_emit_message(${transactional}, '${prefix}', '${content}')`;
  await source.sql(emit(false, 'audit', 'first'));
  await source.sql(
    `DO $$ BEGIN
       INSERT INTO items VALUES (1);
       PERFORM pg_logical_emit_message(true, 'audit', 'inside');
       INSERT INTO items VALUES (2);
       PERFORM pg_logical_emit_message(true, 'secret.x', 'no');
       PERFORM pg_logical_emit_message(true, 'hasivu.test', 'no');
       INSERT INTO items VALUES (3);
     END $$`,
  );
  await source.sql(
    `DO $$ BEGIN
       PERFORM pg_logical_emit_message(true, 'audit', 'undone');
       PERFORM pg_logical_emit_message(false, 'audit', 'kept');
       RAISE EXCEPTION 'roll back';
     EXCEPTION WHEN raise_exception THEN NULL;
     END $$`,
  );
  await source.settled();
  await source.kill();
  await source.sql(emit(false, 'other', 'while away'));
  const last = await source.start(options);
  await source.sql(emit(true, '', 'ünïcödé'));
  await source.settled();
  await waitFor('the messages to be counted', async () =>
    (await last.metrics()).includes('hasivu_source_rows_total{database="default",table="",op="m"} 2'),
  );

  const seen = await messages(source);
  expect(seen.map(({ op, key, prefix, content }) => [op, key, prefix, content])).toEqual([
    ['m', 'audit', 'audit', 'first'],
    ['m', 'audit', 'audit', 'inside'],
    ['m', 'audit', 'audit', 'kept'],
    ['m', 'other', 'other', 'while away'],
    ['m', '', '', 'ünïcödé'],
  ]);
  const items = await source.events('public.items');
  const inside = seen[1];
  expect([...items.map(({ commitLsn, seq }) => `${commitLsn}:${seq}`)].sort()).toEqual(
    [0, 2, 5].map((seq) => `${inside?.commitLsn}:${seq}`),
  );
  expect(inside?.seq).toBe(1);
  expect(seen.map(({ txId }) => txId === null)).toEqual([true, false, true, true, false]);
  expect(seen.map(({ transaction }) => transaction?.total_order ?? null)).toEqual([null, 2, null, null, 1]);
  expect(inside?.transaction?.id).toBe(`${String(inside?.txId)}:${inside?.commitLsn}`);
}, 240_000);
