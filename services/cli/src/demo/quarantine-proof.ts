import type { Client } from 'pg';
import { DIRTY_KINDS } from './seed/dirty-orders.ts';

export interface RuleProof {
  readonly rule: string;
  /** Rows in Postgres that break the rule, counted there. */
  readonly expected: number;
  /** Rows in the quarantine topic that name the rule. */
  readonly quarantined: number;
  readonly equal: boolean;
}

/** Compares what Postgres says is dirty with what the quarantine holds, rule by rule. */
export async function proveQuarantine(
  client: Client,
  quarantined: ReadonlyMap<string, number>,
): Promise<RuleProof[]> {
  const counts = DIRTY_KINDS.map(
    ({ brokenWhere }, index) => `count(*) FILTER (WHERE ${brokenWhere})::int AS r${index}`,
  );
  const { rows } = await client.query<Record<string, number>>(`SELECT ${counts.join(', ')} FROM orders`);
  const proofs = DIRTY_KINDS.map(({ rule }, index) =>
    ruleProof(rule, rows[0]?.[`r${index}`] ?? 0, quarantined),
  );
  const unknown = [...quarantined.keys()].filter((rule) => !proofs.some((proof) => proof.rule === rule));
  return [...proofs, ...unknown.map((rule) => ruleProof(rule, 0, quarantined))];
}

function ruleProof(rule: string, expected: number, counts: ReadonlyMap<string, number>): RuleProof {
  const quarantined = counts.get(rule) ?? 0;
  return { rule, expected, quarantined, equal: expected === quarantined };
}
