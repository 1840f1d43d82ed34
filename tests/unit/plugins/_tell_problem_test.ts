// Where a problem goes: to the operator's function, or to the node's errors.
// A function that throws becomes an error itself.
import { describe, expect, test } from "#test";
import { problemTeller } from "../../../plugins/_tell_problem.ts";

function told(onProblem?: (problem: number) => void): string[] {
  const errors: string[] = [];
  const host = {
    error: (error: unknown, where: string) => void errors.push(`${where}: ${(error as Error).message}`),
  };
  problemTeller<number>(host, "archive", onProblem, (problem) => new Error(`number ${problem}`))(7);
  return errors;
}

describe("problemTeller", () => {
  test("tells the node what no function of the operator takes", () => {
    expect(told()).toEqual(["archive: number 7"]);
  });

  test("tells the operator's function, and the node only when that throws", () => {
    const problems: number[] = [];
    expect([told((problem) => void problems.push(problem)), problems]).toEqual([[], [7]]);
    const throwing = (): never => {
      throw new Error("broken");
    };
    expect(told(throwing)).toEqual(["onProblem: broken"]);
  });
});
