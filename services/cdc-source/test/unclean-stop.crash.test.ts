import { KafkaCluster, TransactionalProducer } from '@hasivu/kafka';
import { expect, test } from '@jest/globals';

import { SourceUnderTest } from './source-under-test.ts';

test('a stop that cannot commit what was received ends with code 1, and the next start replays it', async () => {
  await using source = await SourceUnderTest.create('unclean');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY)');
  const options = { tables: ['public.items'] };
  const service = await source.start(options);
  await source.sql('INSERT INTO items VALUES (1)');
  await source.settled();
  // It sleeps while its producer is fenced and a change and the stop come: it meets them all at once.
  service.signal('SIGSTOP');
  const { brokers, prefix } = source.topics;
  const cluster = await KafkaCluster.connect({ brokers: [...brokers] }, { clientId: 'test-unclean' });
  const usurper = await TransactionalProducer.open(cluster, {
    transactionalId: `${prefix}-cdc-source-${source.slot}`,
    transactionTimeoutMs: 60_000,
  });
  await usurper.close();
  cluster.close();
  await source.sql('INSERT INTO items VALUES (2)');
  service.signal('SIGTERM');
  service.signal('SIGCONT');
  expect(await service.exited).toMatchObject({ code: 1 });
  expect(service.output.join('\n')).toMatch(/SOURCE_STOP_UNCLEAN while stopping the stream: KAFKA_/);

  const next = await source.start(options);
  await source.settled();
  expect((await source.events('public.items')).map(({ after }) => after?.['id']).sort()).toEqual([1, 2]);
  expect(await next.stop()).toMatchObject({ code: 0 });
});
