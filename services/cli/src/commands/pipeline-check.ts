import type { ConfigMistake, HasivuConfig, PipelineConfig } from '@hasivu/config';
import { isPlatformError } from '@hasivu/errors';
import { checkSteps, parseExpression } from '@hasivu/pipeline';
import { checkRules } from '@hasivu/quality';

/**
 * Syntax of every pipeline's steps and rules, as the processor checks it before it opens anything.
 * @throws PlatformError PIPELINE_STEP_INVALID, PIPELINE_RULE_INVALID for the first mistake
 */
export function checkPipelines(config: HasivuConfig): void {
  for (const pipeline of config.pipelines) {
    checkStepsOf(pipeline);
    checkRulesOf(pipeline);
  }
}

/** The same as a list: the first mistake of each pipeline's steps and of its rules. */
export function pipelineMistakes(config: HasivuConfig): ConfigMistake[] {
  return config.pipelines.flatMap((pipeline, i) => [
    ...mistakeOf(`/pipelines/${i}/steps`, () => checkStepsOf(pipeline)),
    ...mistakeOf(`/pipelines/${i}/rules`, () => checkRulesOf(pipeline)),
  ]);
}

function checkStepsOf({ name, steps }: PipelineConfig): void {
  checkSteps({ name, steps });
}

function checkRulesOf({ name, rules }: PipelineConfig): void {
  checkRules(rules, { pipeline: name, parse: parseExpression });
}

function mistakeOf(path: string, check: () => void): ConfigMistake[] {
  try {
    check();
    return [];
  } catch (error) {
    if (isPlatformError(error)) return [{ path, reason: error.message }];
    throw error;
  }
}
