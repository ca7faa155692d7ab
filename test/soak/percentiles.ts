// Times in milliseconds, of any number, in little memory: counted in buckets that are 2 % wide, which is closer than a second run comes.
const width = Math.log(1.02);

/** As JSON: how many lie in which bucket, and the largest. */
export interface Times {
  readonly buckets: Readonly<Record<string, number>>;
  readonly most: number;
}

export class Percentiles {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #most = 0;

  add(milliseconds: number): void {
    this.#put(Math.ceil(Math.log(Math.max(milliseconds, 0.001)) / width), 1);
    this.#most = Math.max(this.#most, milliseconds);
  }

  merge({ buckets, most }: Times): void {
    for (const [bucket, count] of Object.entries(buckets)) this.#put(Number(bucket), count);
    this.#most = Math.max(this.#most, most);
  }

  /** What that part of all (0 to 1) does not exceed, but for the width of a bucket; NaN when there are none. */
  at(part: number): number {
    let left = Math.max(1, Math.ceil(part * this.#count));
    for (const [bucket, count] of [...this.#buckets].toSorted(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return Math.min(this.#most, Math.exp(bucket * width));
    }
    return Number.NaN;
  }

  toJSON(): Times {
    return { buckets: Object.fromEntries(this.#buckets), most: this.#most };
  }

  toString(): string {
    const parts = ([0.5, 0.9, 0.99] as const).map((part) => `p${part * 100} ${rounded(this.at(part))}`);
    return `${[...parts, `max ${rounded(this.#most)}`].join(", ")} ms (${this.#count})`;
  }

  #put(bucket: number, count: number): void {
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
    this.#count += count;
  }
}

/** Three digits, and all that there are in front of the point. */
function rounded(milliseconds: number): string {
  return milliseconds < 1000 ? milliseconds.toPrecision(3) : milliseconds.toFixed(0);
}
