/** `HH:MM:SS`, with the fraction where there is one, as Postgres prints it. @param micros since midnight */
export function timeText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const fraction = micros % 1_000_000;
  const rest = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}${rest}`;
}
