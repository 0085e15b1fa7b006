import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { metricsIn } from '../docs/metric-reference.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly id: number;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const dashboard = JSON.parse(read('deploy/grafana/dashboards/flow.json')) as { uid: string; panels: Panel[] };
const { groups } = parse(read('deploy/prometheus/rules.yml')) as {
  groups: { name: string; rules: Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const panels = dashboard.panels.filter((panel) => panel.type !== 'row');
const expressions = [
  ...rules.map((rule) => [rule.alert, rule.expr, Object.values(rule.annotations).join(' ')] as const),
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => [title, expr, legendFormat] as const),
  ),
];

/** Of every service by prom-client's defaults, or of Prometheus itself. */
const FOREIGN = ['up', 'process_resident_memory_bytes', 'process_cpu_seconds_total'];
/** Labels that Prometheus adds: the target's own, and the bucket of a histogram. */
const ADDED_LABELS = ['service', 'job', 'instance', 'le'];
const declared = new Map(
  metricsIn(root).flatMap(({ name, kind, labels }) =>
    series(name, kind).map((id) => [id, labels.split(', ').filter((label) => label !== '')] as const),
  ),
);

function series(name: string, kind: string): string[] {
  return kind === 'Histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name];
}

/** The names of one kind in a PromQL expression, by Prometheus' own grammar; a syntax error is a node of its own. */
function names(expression: string, kind: string): string[] {
  const found: string[] = [];
  parser.parse(expression).iterate({
    enter: (node) => {
      if (node.name === kind || (kind === 'error' && node.type.isError))
        found.push(expression.slice(node.from, node.to));
    },
  });
  return found;
}

describe('what Prometheus and Grafana show', () => {
  test.each(expressions)('%s: %s is valid PromQL over metrics that the code has', (_title, expression) => {
    expect(names(expression, 'error')).toEqual([]);
    const metrics = names(expression, 'VectorSelector').map((selector) => /^\w+/.exec(selector)?.[0] ?? '');
    expect(metrics.length).toBeGreaterThan(0);
    for (const metric of metrics) expect([...declared.keys(), ...FOREIGN]).toContain(metric);
  });

  test.each(expressions)('%s: %s uses labels that its metrics have', (_title, expression, text) => {
    const metrics = names(expression, 'VectorSelector').map((selector) => /^\w+/.exec(selector)?.[0] ?? '');
    const known = [...ADDED_LABELS, ...metrics.flatMap((metric) => declared.get(metric) ?? [])];
    const inText = [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map((match) => match[1]);
    for (const label of [...names(expression, 'LabelName'), ...inText]) expect(known).toContain(label);
  });

  test('slot lag, consumer lag and dead letters raise an alert', () => {
    const all = rules.map((rule) => rule.expr).join('\n');
    for (const metric of [
      'hasivu_source_lag_bytes',
      'hasivu_processor_lag_rows',
      'hasivu_sink_lag_rows',
      'hasivu_dead_letters_total',
    ])
      expect(all).toContain(metric);
  });

  test('every alert says how bad it is, what is lost and what to do', () => {
    expect(new Set(rules.map((rule) => rule.alert)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(['page', 'warn']).toContain(rule.labels['severity']);
      expect(Object.keys(rule.annotations).sort()).toEqual(['action', 'consequence', 'summary']);
    }
  });

  test('every panel asks the provisioned data source, and no panel covers another', () => {
    const sources = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')) as {
      datasources: { uid: string }[];
    };
    const uids = sources.datasources.map(({ uid }) => uid);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const panel of panels) expect(uids).toContain(panel.datasource?.uid);
    for (const [index, { gridPos: a }] of dashboard.panels.entries())
      for (const { gridPos: b } of dashboard.panels.slice(index + 1))
        expect(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y).toBe(true);
  });

  test('the rules file that Prometheus loads is the one beside its configuration', () => {
    const configuration = parse(read('deploy/prometheus/prometheus.yml')) as { rule_files: string[] };
    expect(configuration.rule_files).toEqual(['rules.yml']);
  });
});
