import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { portOf, type StackPlan } from '../stack-plan.ts';
import { serverEnvironment, type ServerPart } from './server-part.ts';

const PROBE_TIMEOUT_MS = 3_000;

export function registryUrl(plan: StackPlan): string {
  return `http://127.0.0.1:${portOf(plan, 'registry')}/apis/ccompat/v7`;
}

/** Apicurio with its schemas in a file: in memory, its default, a restart would renumber every schema. */
export function registryPart(plan: StackPlan, tools: NonNullable<StackPlan['registry']>): ServerPart {
  const home = join(plan.stateDirectory, 'registry');
  const settings = {
    QUARKUS_HTTP_HOST: '127.0.0.1',
    QUARKUS_HTTP_PORT: String(portOf(plan, 'registry')),
    QUARKUS_MANAGEMENT_HOST: '127.0.0.1',
    QUARKUS_MANAGEMENT_PORT: String(portOf(plan, 'registryManagement')),
    QUARKUS_LOG_LEVEL: 'WARN',
    QUARKUS_LOG_CONSOLE_LEVEL: 'WARN',
    QUARKUS_HTTP_ACCESS_LOG_ENABLED: 'false',
    APICURIO_STORAGE_KIND: 'sql',
    APICURIO_STORAGE_SQL_KIND: 'h2',
    // Written through at once: a schema whose id is in a topic must still be known after kill -9.
    APICURIO_DATASOURCE_URL: `jdbc:h2:file:${join(home, 'schemas')};WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE`,
  };
  return {
    name: 'registry',
    launch: {
      command: tools.java,
      args: [
        '-Xmx256m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        `-Dhasivu.state=${home}`,
        '-jar',
        join(tools.directory, 'quarkus-run.jar'),
      ],
      env: serverEnvironment(settings),
      cwd: home,
      user: null,
    },
    stopSignals: [{ signal: 'SIGTERM', waitMs: 10_000 }],
    setUp: () => {
      mkdirSync(home, { recursive: true });
      return Promise.resolve();
    },
    probe: async () => {
      const answer = await fetch(`${registryUrl(plan)}/subjects`, {
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
        headers: { connection: 'close' },
      });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`the registry answered ${answer.status}`);
    },
  };
}
