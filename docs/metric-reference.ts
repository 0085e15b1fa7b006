import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Metric {
  readonly name: string;
  readonly kind: string;
  readonly help: string;
  readonly labels: string;
  readonly project: string;
}

// Metrics are declared as object literals in the constructors of prom-client, name and help beside each other.
const DECLARATION = /new (Counter|Gauge|Histogram)(?:<[^>]*>)?\(\{([^]*?)\}\)/g;

/** `docs/metrics.md`: every metric that a service or library declares. */
export function metricReference(root: string): string {
  const rows = metricsIn(root).map(
    (metric) =>
      `| \`${metric.name}\` | ${metric.kind.toLowerCase()} | ${metric.labels} | ${metric.help} | ${metric.project} |`,
  );
  return `${['# Metrics', '', "On every service's `/metrics`, beside Node's own. Made from the declarations in code by `node docs/generate.ts`.", '', '| metric | kind | labels | meaning | declared in |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')}\n`;
}

/** Every `hasivu_*` metric declared in the workspace, by name. */
export function metricsIn(root: string): Metric[] {
  const files = globSync(['libs/*/src/**/*.ts', 'services/*/src/**/*.ts'], { cwd: root }).filter(
    (path) => !path.endsWith('.test.ts'),
  );
  const found = files.flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return [...text.matchAll(DECLARATION)].map((match) =>
      metricOf(match[1] as string, match[2] as string, path.split('/').slice(0, 2).join('/')),
    );
  });
  return found
    .filter((metric) => metric.name.startsWith('hasivu_'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function metricOf(kind: string, body: string, project: string): Metric {
  const text = (field: string): string => new RegExp(`${field}:\\s*(['"\`])([^]*?)\\1`).exec(body)?.[2] ?? '';
  const labels = /labelNames:\s*\[([^\]]*)\]/.exec(body)?.[1] ?? '';
  return {
    name: text('name'),
    kind,
    help: text('help'),
    labels: labels.replace(/['"\s]/g, '').replaceAll(',', ', '),
    project,
  };
}
