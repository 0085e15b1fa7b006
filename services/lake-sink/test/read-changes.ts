import { python, type BucketPrefix } from '@hasivu/testing';
import { DELTALAKE, lakeFacts } from './read-delta.ts';

export type TextRow = Readonly<Record<string, unknown>>;

export interface VersionedChanges {
  /** Rows of the table at each version, by the version. */
  readonly versions: readonly (readonly TextRow[])[];
  /** Rows of the change data feed since version 1, with `_change_type` and `_commit_version`. */
  readonly changes: readonly TextRow[];
}

const SCRIPT = `
${DELTALAKE}
first = table_at(0)
rows = lambda a: [{n: plain(v) for n, v in r.items()} for r in a.to_pylist()]
last = open_table().version()
versions = [rows(table_of(table_at(v))) for v in range(last + 1)]
feed = pa.table(open_table().load_cdf(starting_version=int(sys.argv[2]), ending_version=last))
print(json.dumps({'versions': versions, 'changes': rows(feed)}))
`;

/** The change data feed of a table and all its versions, as the Python deltalake reads them. */
export async function readVersionedChanges(
  lake: BucketPrefix,
  root: string,
  fromVersion: number,
): Promise<VersionedChanges> {
  const env = { LAKE: lakeFacts(lake) };
  return JSON.parse(await python(SCRIPT, [root, String(fromVersion)], { env })) as VersionedChanges;
}
