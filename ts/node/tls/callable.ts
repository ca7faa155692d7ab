// Owns classes that can be called without `new`, which Node's programs do. Refuses to know the classes.

type Class = new (...args: never[]) => object;

/** A class that may be called like a function. */
export type Callable<T extends Class> = T & ((...args: ConstructorParameters<T>) => InstanceType<T>);

/** The same class, for those who leave `new` out too, under a name that no bundler changes. */
export function callable<T extends Class>(name: string, constructor: T): Callable<T> {
  Object.defineProperty(constructor, "name", { value: name });
  const handler: ProxyHandler<T> = { apply: (target, _self, args) => Reflect.construct(target, args) as object };
  return new Proxy(constructor, handler) as Callable<T>;
}
