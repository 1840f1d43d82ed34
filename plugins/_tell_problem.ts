/**
 * How a plugin tells the operator what goes wrong: by the option `onProblem`, or else as an error of the node. What the
 * operator's function throws is an error of the node as well, and stops nothing.
 */
import type { PluginHost } from "../core/mod.ts";
import { tell } from "./_tell.ts";

/** Makes the function that tells. @param plugin its name @param errorOf what is told when there is no `onProblem` */
export function problemTeller<Problem>(
  host: Pick<PluginHost, "error">,
  plugin: string,
  onProblem: ((problem: Problem) => void) | undefined,
  errorOf: (problem: Problem) => Error,
): (problem: Problem) => void {
  return (problem) => {
    if (onProblem === undefined) {
      host.error(errorOf(problem), plugin);
      return;
    }
    tell(host, "onProblem", () => onProblem(problem));
  };
}
