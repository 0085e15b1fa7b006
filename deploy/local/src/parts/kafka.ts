import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from '../prepare/run-tool.ts';
import { portOf, type StackPlan } from '../stack-plan.ts';
import { probeKafka } from './kafka-probe.ts';
import { serverEnvironment, type ServerPart } from './server-part.ts';

const HEAP = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError'];
const LOGGING = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server=info',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
];

export function kafkaBrokers(plan: StackPlan): string[] {
  return [`127.0.0.1:${portOf(plan, 'kafka')}`];
}

export function kafkaPart(plan: StackPlan, tools: NonNullable<StackPlan['kafka']>): ServerPart {
  const home = join(plan.stateDirectory, 'kafka');
  const properties = join(home, 'server.properties');
  const classPath = ['-cp', join(tools.libDirectory, '*')];
  return {
    name: 'kafka',
    launch: {
      command: tools.java,
      args: [...HEAP, ...LOGGING, ...classPath, 'kafka.Kafka', properties],
      env: serverEnvironment(),
      cwd: home,
      user: null,
    },
    stopSignals: [{ signal: 'SIGTERM', waitMs: 15_000 }],
    setUp: async () => {
      mkdirSync(home, { recursive: true });
      writeFileSync(properties, serverProperties(plan, join(home, 'data')));
      if (existsSync(join(home, 'data', 'meta.properties'))) return;
      // One that begins with a dash would be taken for an option.
      const clusterId = `h${randomBytes(16).toString('base64url').slice(1)}`;
      const format = ['format', '--cluster-id', clusterId, '--config', properties, '--ignore-formatted'];
      const doing = 'formatting the Kafka data directory';
      const options = { doing, code: 'STACK_PART_FAILED', env: serverEnvironment() } as const;
      await runTool(
        tools.java,
        [
          '-Xmx128m',
          '-XX:TieredStopAtLevel=1',
          ...LOGGING,
          ...classPath,
          'kafka.tools.StorageTool',
          ...format,
        ],
        options,
      );
    },
    probe: () => probeKafka('127.0.0.1', portOf(plan, 'kafka')),
  };
}

/** One broker that is its own controller. Internal topics have one replica and few partitions: they start faster. */
function serverProperties(plan: StackPlan, dataDirectory: string): string {
  const listener = `PLAINTEXT://127.0.0.1:${portOf(plan, 'kafka')}`;
  const controller = `127.0.0.1:${portOf(plan, 'kafkaController')}`;
  const settings: Readonly<Record<string, string | number>> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `${listener},CONTROLLER://${controller}`,
    'advertised.listeners': listener,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataDirectory,
    'auto.create.topics.enable': 'false',
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 8,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'log.cleaner.threads': 1,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'num.recovery.threads.per.data.dir': 2,
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}
