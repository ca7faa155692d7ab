// Loads a rival, which only `make bench-rivals` installs: the compiler must not look for it, so its types are the caller's.
export async function load<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}
