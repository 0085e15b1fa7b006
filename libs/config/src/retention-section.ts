import { Type, type Static } from '@sinclair/typebox';

const Age = (description: string) =>
  Type.Optional(
    Type.String({
      pattern: '^[1-9][0-9]* (hours?|days?|weeks?)$',
      description: `${description}, e.g. 400 days`,
    }),
  );

/** How long rows of one table stay in the lake. */
export const RetentionSection = Type.Object(
  {
    bronze: Age('Changes that were committed longer ago than this go'),
    silver: Age('Rows whose value in `column` is older than this go, though the source may still have them'),
    history: Age('Closed versions that ended longer ago than this go'),
    column: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Column of a date or a timestamp by which rows of silver are old; rows without a value stay',
      }),
    ),
    hold: Type.Optional(
      Type.Object(
        {
          name: Type.String({ minLength: 1, description: 'Name of the case' }),
          reason: Type.String({ minLength: 1, description: 'Why nothing of this table may go' }),
        },
        {
          additionalProperties: false,
          description: 'Legal hold: no row and no file of the table goes, by whatever policy or command',
        },
      ),
    ),
  },
  {
    additionalProperties: false,
    description: 'Rows that are older go, and their files with the vacuum after the retention of files',
  },
);

export type RetentionConfig = Static<typeof RetentionSection>;

const HOURS: Readonly<Record<string, number>> = { hour: 1, day: 24, week: 168 };

/** Milliseconds of an age of {@link RetentionSection}. */
export function ageMs(age: string): number {
  const [amount = '', unit = ''] = age.split(' ');
  return Number(amount) * (HOURS[unit.replace(/s$/u, '')] ?? NaN) * 3_600_000;
}
