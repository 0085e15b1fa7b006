/** Stops the stack that the set-up started; one that the run attached to goes on. */
export default async function tearDown(): Promise<void> {
  const { hasivuStack } = globalThis as { hasivuStack?: { stop(): Promise<void> } };
  await hasivuStack?.stop();
}
