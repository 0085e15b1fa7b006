import type { ErrorEntry } from '../error-entry.ts';

export const pipelineErrors = {
  PIPELINE_STEP_INVALID: {
    summary: 'A step of a pipeline does not fit the columns of its table',
    cause:
      'The step names a column that is not there (any more), an expression has a mistake or mixes types, or a step would break the key. A change of the source table can cause it.',
    remedy:
      'Correct the step that the message names in `pipelines`, then start again; processing goes on where it stopped.',
    retry: 'manual',
  },
  PIPELINE_RULE_INVALID: {
    summary: 'A quality rule does not fit the rows of its pipeline',
    cause:
      'The rule names a column that the finished rows do not have, compares values of different types, or its pattern is not supported.',
    remedy:
      'Correct the rule that the message names in `pipelines`, then start again; processing goes on where it stopped.',
    retry: 'manual',
  },
} as const satisfies Record<string, ErrorEntry>;
