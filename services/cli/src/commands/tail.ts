import { capturedDatabases, loadConfig, type HasivuConfig } from '@hasivu/config';
import { EXIT } from '@hasivu/errors';
import { KafkaCluster, SchemaRegistry } from '@hasivu/kafka';
import type { CliContext } from '../cli-context.ts';
import { resolveNamedFile } from '../command-file.ts';
import { PayloadDecoder } from '../tail/payload-decoder.ts';
import { recordJson, recordText } from '../tail/record-format.ts';
import { readTopic } from '../tail/topic-reader.ts';
import { resolveTopic } from '../tail/topic-name.ts';

export interface TailOptions {
  readonly file: string;
  readonly json: boolean;
  readonly from: 'beginning' | 'latest';
  readonly max?: number;
}

/** A person waits: an outage is said soon, where a service would wait it out. */
const UNAVAILABLE_MS = 15_000;

/** Prints records until there were `max`, or until Ctrl-C. */
export async function tailTopic(context: CliContext, wanted: string, options: TailOptions): Promise<number> {
  const config = loadConfig(resolveNamedFile(context, options.file), { ...context.env });
  const cluster = await KafkaCluster.connect(config.kafka, {
    clientId: 'hasivu-tail',
    unavailableTimeoutMs: UNAVAILABLE_MS,
  });
  try {
    const prefixes = [config.kafka.prefix, ...capturedDatabases(config).map(({ prefix }) => prefix)];
    const topic = resolveTopic(wanted, prefixes, await cluster.listTopics());
    const decoder = new PayloadDecoder(openRegistry(config));
    let printed = 0;
    for await (const record of readTopic(cluster, decoder, {
      topic,
      from: options.from,
      signal: context.stop,
    })) {
      context.out.write(`${options.json ? recordJson(record) : recordText(record, context.paint)}\n`);
      printed += 1;
      if (printed === options.max) break;
    }
    return context.stop.aborted ? EXIT.interrupted : EXIT.ok;
  } finally {
    cluster.close();
  }
}

export function openRegistry({ kafka }: HasivuConfig): SchemaRegistry {
  return new SchemaRegistry(kafka.registry, kafka.registryAuth, {
    unavailableTimeoutMs: UNAVAILABLE_MS,
    tls: kafka.registryTls,
  });
}
