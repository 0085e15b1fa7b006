import { sourceOf, type Row } from '../change-pairs.ts';
import type { Difference, Rule } from '../difference.ts';

const at = (id: string, paths: readonly string[], explains: (difference: Difference) => boolean): Rule => ({
  id,
  explains: (difference) => paths.includes(difference.path) && explains(difference),
});

const oursAlone = ({ debezium }: Difference): boolean => debezium === null;
const theirsAlone = ({ ours }: Difference): boolean => ours === null;
const copied = ({ op }: Difference): boolean => op === 'r';

function xidOf(id: unknown): string {
  return String(id).split(':')[0] as string;
}

/** Debezium makes a character of every byte, with the sign of the byte. */
function byteByByte(text: unknown): string {
  return String.fromCharCode(
    ...[...Buffer.from(String(text))].map((byte) => (byte < 128 ? byte : 0xff00 | byte)),
  );
}

/** `ts_us` and `ts_ns` begin as the `ts_ms` beside them. */
function isFinerTime({ path, debezium, pair }: Difference): boolean {
  if (!pair || typeof debezium?.value !== 'bigint') return false;
  const { value } = pair.debezium.value;
  const beside = path.startsWith('source.') ? sourceOf(pair.debezium) : value;
  return debezium.value / (path.endsWith('_us') ? 1_000n : 1_000_000n) === beside['ts_ms'];
}

export const ENVELOPE_RULES: readonly Rule[] = [
  at(
    'finer-times',
    ['ts_us', 'ts_ns', 'source.ts_us', 'source.ts_ns'],
    (one) => theirsAlone(one) && (one.op === 'schema' || isFinerTime(one)),
  ),
  at('positions', ['source.commit_lsn', 'source.seq'], oursAlone),
  at('unavailable-list', ['unavailable'], oursAlone),
  at('sequence', ['source.sequence'], ({ debezium, ours, pair }) => {
    if (ours?.value !== null || typeof debezium?.value !== 'string' || !pair) return false;
    const [, own] = JSON.parse(debezium.value) as [string | null, string];
    return own === String(sourceOf(pair.debezium)['lsn']);
  }),
  at(
    'identity',
    ['source.version', 'source.name'],
    ({ debezium, ours }) => debezium !== null && ours !== null,
  ),
  at(
    'processing-time',
    ['ts_ms'],
    ({ debezium, ours }) => typeof debezium?.value === 'bigint' && typeof ours?.value === 'bigint',
  ),
  at(
    'record-time',
    ['record.timestamp'],
    ({ ours, pair }) => !!pair && BigInt(ours?.value as number) === sourceOf(pair.ours)['ts_ms'],
  ),
  at(
    'copied-rows',
    ['source.snapshot'],
    (one) => copied(one) && String(one.debezium?.value) !== 'false' && one.ours?.value === 'true',
  ),
  at('copied-rows', ['source.ts_ms', 'source.lsn', 'source.txId'], copied),
  at('transaction-id', ['transaction.id'], ({ debezium, ours, pair }) => {
    if (!pair) return false;
    const [theirs, mine] = [pair.debezium, pair.ours].map(sourceOf) as [Row, Row];
    return (
      debezium?.value === `${String(theirs['txId'])}:${String(theirs['lsn'])}` &&
      ours?.value === `${String(mine['txId'])}:${String(mine['commit_lsn'])}`
    );
  }),
  // The log has no time for them; both take that of reading.
  at(
    'messages-outside-of-transactions',
    ['source.ts_ms'],
    ({ op, pair }) =>
      op === 'm' && !!pair && [pair.debezium, pair.ours].every((one) => sourceOf(one)['txId'] === null),
  ),
  at(
    'message-prefix-beyond-ascii',
    ['key.prefix', 'message.prefix'],
    ({ debezium, ours }) => debezium?.value === byteByByte(ours?.value),
  ),
  {
    id: 'transaction-id',
    explains: ({ table, path, debezium, ours }) =>
      table === 'transactions' && path === 'id' && xidOf(debezium?.value) === xidOf(ours?.value),
  },
  {
    id: 'messages-in-transactions',
    explains: ({ table, path, debezium, ours }) =>
      table === 'transactions' &&
      ((path === 'data_collections.message' && debezium === null) ||
        (/^data_collections\.io\.debezium\..*LogicalDecodingMessageId@/.test(path) && ours === null)),
  },
  {
    id: 'connect-headers',
    explains: ({ path, ours }) => path.startsWith('header.__debezium.context.') && ours === null,
  },
  {
    id: 'key-change-headers',
    explains: ({ path, ours, op }) =>
      ours === null &&
      ((path === 'header.__debezium.newkey' && op === 'd') ||
        (path === 'header.__debezium.oldkey' && op === 'c')),
  },
  {
    id: 'text-headers',
    explains: ({ path, debezium }) => path.startsWith('header.pg.text.') && debezium === null,
  },
  {
    id: 'tombstones-without-a-key',
    explains: ({ path, op, pair, ours }) =>
      path === 'record.tombstone' && op === 'd' && ours === null && pair?.debezium.key === null,
  },
];
