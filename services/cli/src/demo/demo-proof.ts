import type { Client } from 'pg';
import { KafkaCluster } from '@hasivu/kafka';
import type { HasivuConfig } from '@hasivu/config';
import type { LakeEngine } from '../lake/lake-engine.ts';
import { openRegistry } from '../commands/tail.ts';
import { compareTable, silverOf, type Comparison, type TableProof } from './proof/compare-table.ts';
import { proveQuarantine, type RuleProof } from './quarantine-proof.ts';
import { countQuarantined } from './quarantine-count.ts';
import { DEMO_OUTPUT, DEMO_PIPELINE } from './demo-config.ts';
import { DIRTY_KINDS } from './seed/dirty-orders.ts';
import { DEMO_TABLES } from './schema/demo-schema.ts';

/** The pipeline's output: the orders that break no rule; what the steps mask or drop is left out. */
const CLEAN_ORDERS: Comparison = {
  label: 'orders, cleaned',
  table: 'orders',
  lakeTable: `curated.${DEMO_PIPELINE}.${DEMO_OUTPUT}`,
  where: DIRTY_KINDS.map(({ brokenWhere }) => `NOT coalesce(${brokenWhere}, false)`).join(' AND '),
  except: ['contact_email', 'contact_phone', 'meta'],
};

export interface DemoProof {
  readonly tables: readonly TableProof[];
  readonly rules: readonly RuleProof[];
  readonly equal: boolean;
}

/** Compares every table of the demo and the quarantine with Postgres. Both sides must stand still meanwhile. */
export async function proveDemo(facts: {
  client: Client;
  engine: LakeEngine;
  config: HasivuConfig;
  signal: AbortSignal;
  onTable: (proof: TableProof) => void;
}): Promise<DemoProof> {
  const { client, engine, config, signal } = facts;
  const tables: TableProof[] = [];
  for (const comparison of [...DEMO_TABLES.map(silverOf), CLEAN_ORDERS]) {
    signal.throwIfAborted();
    const proof = await compareTable(client, engine, comparison);
    tables.push(proof);
    facts.onTable(proof);
  }
  const cluster = await KafkaCluster.connect(config.kafka, { clientId: 'hasivu-demo' });
  try {
    const rules = await proveQuarantine(
      client,
      await countQuarantined({ cluster, schemas: openRegistry(config), prefix: config.kafka.prefix, signal }),
    );
    return { tables, rules, equal: [...tables, ...rules].every(({ equal }) => equal) };
  } finally {
    cluster.close();
  }
}
