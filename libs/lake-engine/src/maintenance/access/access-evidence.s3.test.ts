import { expect, test } from '@jest/globals';
import { field, keyOfPath } from '@hasivu/delta';
import { bucketPrefix, python } from '@hasivu/testing';
import { createS3Store } from '../../../../object-store/src/index.ts';
import { AccessLogProxy } from '../../../test/access-log-proxy.ts';
import { TableBench } from '../../../test/table-bench.ts';
import { tierTable } from '../tier-table.ts';
import { AccessEvidence } from './access-evidence.ts';
import type { AccessLogStore } from './access-log.ts';

const DAY = 86_400_000;
const ROOT = 'bronze/public/orders';
const FIELDS = [
  field('id', 'long'),
  field('noise', 'string'),
  field('_lsn', 'long'),
  field('_seq', 'long'),
  field('_committed_at', 'timestamp'),
  field('_op', 'string'),
  field('kind', 'string'),
];
const RULES = [
  { tier: 'warm' as const, afterMs: 30 * DAY, storageClass: 'STANDARD_IA' },
  { tier: 'cold' as const, afterMs: 180 * DAY, storageClass: 'GLACIER_IR' },
];
const KINDS = ['a b', 'c%d', 'plain'];

/** A query for one kind, by a reader that nobody here wrote. */
const QUERY = `
import json, os, sys
from deltalake import DeltaTable, QueryBuilder
o = json.loads(os.environ['LAKE'])
options = {'AWS_ENDPOINT_URL': o['endpoint'], 'AWS_ACCESS_KEY_ID': o['accessKeyId'], 'AWS_SECRET_ACCESS_KEY': o['secretAccessKey'],
  'AWS_REGION': o['region'], 'AWS_ALLOW_HTTP': 'true'}
table = DeltaTable('s3://%s/%s/${ROOT}' % (o['bucket'], o['prefix']), storage_options=options)
import pyarrow
rows = pyarrow.table(QueryBuilder().register('t', table).execute("select id, noise from t where kind = '%s'" % sys.argv[1]).read_all())
print(rows.num_rows)
`;

test('files that a foreign reader has read by the access log stay hot and come back, those that only we have read do not', async () => {
  await using place = bucketPrefix('access');
  await using logs = bucketPrefix('access-logs');
  await using proxy = await AccessLogProxy.open(place.endpoint);
  const store = createS3Store(place);
  const logStore = createS3Store({ ...logs, prefix: '' });
  const watched = createS3Store({ ...place, endpoint: proxy.endpoint, userAgent: 'hasivu/lake-keeper' });
  await using bench = await TableBench.open(store);
  let nowMs = Date.now();
  const table = await bench.create({ root: ROOT, fields: FIELDS, partitionColumns: ['kind'] });
  for (const kind of KINDS)
    await bench.append(
      table,
      `SELECT i::BIGINT AS id, md5(i::VARCHAR) || md5((i * 7)::VARCHAR) AS noise, i::BIGINT AS _lsn, 0::BIGINT AS _seq, to_timestamp(${(nowMs - 300 * DAY) / 1000}) AS _committed_at, 'c' AS _op FROM range(10000) r(i)`,
      { kind },
    );
  const before = await bench.digest(table);
  // The store's clock does not go with the test's.
  const deliveredMs = new Map<string, number>();
  const deliver = async (name: string, lines: Uint8Array): Promise<void> => {
    const key = `${logs.prefix}/${new Date(nowMs).toISOString().slice(0, 10)}-00-00-00-${name}`;
    deliveredMs.set(key, nowMs);
    await logStore.put(key, lines);
  };
  const delivered: AccessLogStore = {
    get: (key, range) => logStore.get(key, range),
    list: async function* (prefix, startAfter) {
      for await (const object of logStore.list(prefix, startAfter))
        yield { ...object, modifiedMs: deliveredMs.get(object.key) ?? object.modifiedMs };
    },
  };
  const evidence = (): AccessEvidence =>
    new AccessEvidence({
      lake: store,
      log: { store: delivered, prefix: `${logs.prefix}/` },
      source: logs.prefix,
      rule: {
        bucket: place.bucket,
        keyPrefix: `${place.prefix}/`,
        ignoreRequesters: [],
        ignoreUserAgents: [],
      },
      horizonMs: 180 * DAY,
      nowMs: () => nowMs,
    });
  const query = async (kind: string): Promise<void> => {
    const { bucket, prefix, region, accessKeyId, secretAccessKey } = place;
    const facts = { endpoint: proxy.endpoint, bucket, prefix, region, accessKeyId, secretAccessKey };
    expect(await python(QUERY, [kind], { env: { LAKE: JSON.stringify(facts) } })).toBe('10000\n');
  };
  const move = async (known: AccessEvidence) =>
    tierTable((await bench.reopen(ROOT)).delta, store, {
      rules: RULES,
      nowMs: () => nowMs,
      lastReadMs: (key) => known.lastReadMs(key),
    });
  const classes = async (): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const { path, partitionValues } of (await bench.reopen(ROOT)).delta.state.files.values())
      found[partitionValues['kind'] ?? ''] =
        (await store.head(`${ROOT}/${keyOfPath(path)}`))?.storageClass ?? 'STANDARD';
    return found;
  };

  // A query reads one kind, the keeper all of them.
  await query('a b');
  for (const { path } of table.delta.state.files.values()) await watched.get(`${ROOT}/${keyOfPath(path)}`);
  await deliver('A', proxy.take());
  await deliver('B', Buffer.from('cut off\n\n' + 'x'.repeat(100_000)));
  const first = evidence();
  const look = await first.look({ keeps: true });
  expect(look).toMatchObject({ files: 1, stopped: false });
  expect(look.counts).toMatchObject({ objects: 2, ignored: KINDS.length, malformed: 2 });
  expect(look.counts.reads).toBeGreaterThan(0);
  const moved = await move(first);
  expect(await classes()).toEqual({ 'a b': 'STANDARD', 'c%d': 'GLACIER_IR', plain: 'GLACIER_IR' });
  expect(moved.plan.keptBytes).toBe(moved.plan.bytesThen.get('STANDARD'));

  // Two months later somebody reads what is cold; another process goes on from where the first one came to.
  nowMs += 60 * DAY;
  proxy.nowMs = () => nowMs;
  await query('c%d');
  await deliver('A', proxy.take());
  const second = evidence();
  const next = await second.look({ keeps: true });
  expect(next.files).toBe(2);
  const returned = await move(second);
  expect(await classes()).toEqual({ 'a b': 'STANDARD_IA', 'c%d': 'STANDARD', plain: 'GLACIER_IR' });
  expect(returned.plan.returnedBytes).toBeGreaterThan(0);
  expect(await bench.digest(await bench.reopen(ROOT))).toBe(before);

  // What was read is not read again, and of another log nothing is known.
  nowMs += 2 * 3_600_000;
  await logStore.put(`${logs.prefix}/nothing`, Buffer.from(''));
  expect((await evidence().look({ keeps: false })).files).toBe(2);
  for (const one of [store, logStore, watched]) one.close();
});
