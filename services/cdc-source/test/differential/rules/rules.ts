import type { Rule } from '../difference.ts';
import { COLUMN_RULES } from './column-rules.ts';
import { ENVELOPE_RULES } from './envelope-rules.ts';
import { SCHEMA_RULES } from './schema-rules.ts';
import { TYPE_RULES } from './type-rules.ts';

/** All differences that are known and meant. `docs/debezium-differences.md` has a line for each id, and no other. */
export const RULES: readonly Rule[] = [...ENVELOPE_RULES, ...COLUMN_RULES, ...TYPE_RULES, ...SCHEMA_RULES];
