import { askKeeper } from './control-client.ts';
import { DEFAULT_STATE_DIRECTORY, readJson, stateFiles, writePrivateJson } from './state-directory.ts';
import type { StackStatus } from './stack-status.ts';

const ANSWER_WITHIN_MS = 10_000;

/**
 * What runs now, asked of the keeper. Without one the last status file tells addresses and credentials, with every part
 * of ours stopped (and the file is put right); null when no stack was ever started there.
 */
export async function readStackStatus(stateDirectory = DEFAULT_STATE_DIRECTORY): Promise<StackStatus | null> {
  const answer = await askKeeper(stateDirectory, 'GET', '/status', ANSWER_WITHIN_MS);
  if (answer?.httpStatus === 200) return answer.body;
  const last = readJson(stateFiles(stateDirectory).status) as StackStatus | null;
  if (last === null) return null;
  const stopped = withoutProcesses(last);
  if (JSON.stringify(stopped) !== JSON.stringify(last))
    writePrivateJson(stateFiles(stateDirectory).status, stopped);
  return stopped;
}

function withoutProcesses(last: StackStatus): StackStatus {
  const gone = <T extends StackStatus['postgres' | 'kafka' | 'registry' | 's3']>(part: T): T =>
    part.state === 'external' ? part : { ...part, state: 'stopped', pid: null };
  return {
    ...last,
    state: 'stopped',
    keeperPid: null,
    postgres: gone(last.postgres),
    kafka: gone(last.kafka),
    registry: gone(last.registry),
    s3: gone(last.s3),
  };
}
