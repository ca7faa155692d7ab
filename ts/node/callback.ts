// Owns the way from a promise to a callback as Node's programs give them. Refuses to know what is waited for. (Node's own way,
// `callbackify`, would have every start load all that `node:util` offers.)

/** Calls `done` outside of the promise, so that what it throws is an exception of the process, as everywhere else in Node. */
export function tell<T>(promise: Promise<T>, done: (error: Error | null, value: T) => void): void {
  promise.then(
    (value) => process.nextTick(done, null, value),
    (error: Error) => process.nextTick(done, error),
  );
}
