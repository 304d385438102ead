// Threads that compute in ONNX Runtime: one that is ended inside of it takes the process down, whatever its exit code was to be. So
// they count themselves in and out, and the process waits at its end until nobody is inside.

/** Places in what all threads share: whether the process is about to end; how many threads are inside of the runtime. */
const [QUIT, INSIDE] = [0, 1]
/** No part takes longer, short of a machine that is out of breath. */
const LAST_PART_MS = 3000

/** Shared by all threads of this process: their `workerData`. */
export const alarm = new Int32Array(new SharedArrayBuffer(8))

/** Waits, at the end of the process, until no thread is inside. */
function quietThreads(): void {
  Atomics.store(alarm, QUIT, 1)
  for (const until = performance.now() + LAST_PART_MS; performance.now() < until;) {
    const inside = Atomics.load(alarm, INSIDE)
    if (inside === 0) return
    Atomics.wait(alarm, INSIDE, inside, 50)
  }
}

/** To be called before the first thread that computes is started. */
export function waitAtTheEnd(): void {
  if (!process.listeners('exit').includes(quietThreads)) process.on('exit', quietThreads)
}

/** What a thread does with the alarm it was given. */
export function insideRuntime(given: Int32Array) {
  return {
    /** Whether the process is about to end, and nothing new should be begun. */
    isQuitting: (): boolean => Atomics.load(given, QUIT) === 1,
    /** Work in the runtime, which must not be cut off. */
    async inside<T>(work: () => Promise<T> | T): Promise<T> {
      Atomics.add(given, INSIDE, 1)
      try {
        return await work()
      } finally {
        Atomics.sub(given, INSIDE, 1)
        Atomics.notify(given, INSIDE)
      }
    },
  }
}
