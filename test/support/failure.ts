// What a failure says, in one line.

export function failureOf(error: unknown): string {
  return error instanceof Error ? error.message.split("\n")[0]! : String(error);
}
