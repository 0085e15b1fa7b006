/**
 * What a place calls where a test may kill the process: `<place>:3` kills it the third time that the place is reached. Does
 * nothing without a setting. @throws TypeError when the setting names no place
 */
export function armedFailpoint<Name extends string>(
  places: readonly Name[],
  setting: string | undefined,
): (name: Name) => void {
  if (setting === undefined || setting === '') return () => undefined;
  const [armed, count] = setting.split(':');
  if (!places.some((name) => name === armed))
    throw new TypeError(`HASIVU_FAILPOINT names no place: ${armed}`);
  let left = Number(count ?? 1);
  return (name) => {
    if (name !== armed) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
