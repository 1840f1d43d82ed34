// Reads a file of flows: fenced blocks tagged `flow`, each a macro or a flow, with the heading above as its title.
// Consecutive lines that send or expect on one connection become one step.

/** One line, or several that belong together. */
export interface Step {
  /** Number of the first line in the file. */
  readonly line: number;
  readonly kind: "send" | "expect" | "command";
  /** Connection, for sending and expecting. */
  readonly on: string;
  /** The lines without their prefix; of expectations with `!`, `?` or blank in front. */
  readonly texts: readonly string[];
}

/** A macro: its parameters, its results, and what it does. */
export interface Macro {
  readonly parameters: readonly string[];
  readonly results: readonly string[];
  readonly steps: readonly Step[];
}

/** One flow. */
export interface Flow {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly Step[];
}

/** A whole file. */
export interface Script {
  readonly macros: ReadonlyMap<string, Macro>;
  readonly flows: readonly Flow[];
}

/** Reads a file's text. Its macros go before those that are `known`. */
export function parseScript(text: string, known: ReadonlyMap<string, Macro> = new Map()): Script {
  const macros = new Map(known);
  const flows: Flow[] = [];
  let title = "";
  let block: [line: number, text: string][] | undefined;
  text.split(/\r?\n/).forEach((line, index) => {
    if (block === undefined) {
      if (line.startsWith("### ")) title = line.slice(4);
      if (line.trim() === "```flow") block = [];
      return;
    }
    if (line.trim() !== "```") {
      block.push([index + 1, line]);
      return;
    }
    const lines = block;
    block = undefined;
    if (lines.some(([, one]) => one.startsWith("macro "))) readMacros(lines, macros);
    else flows.push(readFlow(lines, title));
  });
  return { macros, flows };
}

function readMacros(lines: readonly [number, string][], macros: Map<string, Macro>): void {
  let name = "";
  let head: Pick<Macro, "parameters" | "results"> = { parameters: [], results: [] };
  let body: [number, string][] = [];
  for (const entry of lines) {
    const [, line] = entry;
    const [, given, parameters = "", results = ""] = /^macro (\S+)(.*?)(?: -> (.*))?$/.exec(line) ?? [];
    if (given !== undefined) {
      name = given;
      head = { parameters: words(parameters), results: words(results) };
      body = [];
    } else if (line === "endmacro") macros.set(name, { ...head, steps: steps(body) });
    else body.push(entry);
  }
}

function readFlow(lines: readonly [number, string][], title: string): Flow {
  const [first, ...rest] = lines;
  const id = /^id (\S+)$/.exec(first?.[1] ?? "")?.[1];
  if (id === undefined) throw new Error(`Line ${first?.[0]}: a flow begins with "id NAME"`);
  return { id, title, steps: steps(rest) };
}

function steps(lines: readonly [number, string][]): Step[] {
  const found: { line: number; kind: Step["kind"]; on: string; texts: string[] }[] = [];
  for (const [line, text] of lines) {
    if (text.trim() === "") continue;
    const [, on = "", arrow, mark = "", rest = ""] = /^(\w+)([<>])([!?]?) (.*)$/.exec(text) ?? [];
    if (arrow === undefined) {
      found.push({ line, kind: "command", on: "", texts: [text] });
      continue;
    }
    const kind = arrow === ">" ? "send" : "expect";
    const entry = kind === "send" ? rest : `${mark === "" ? " " : mark}${rest}`;
    const last = found.at(-1);
    // An expected message ends with its end-line; the next one on the same connection is another.
    const ended = kind === "expect" && /^ -------\{?\S*[$+#]\\r\\n$/.test(last?.texts.at(-1) ?? "");
    if (last?.kind === kind && last.on === on && !ended) last.texts.push(entry);
    else found.push({ line, kind, on, texts: [entry] });
  }
  return found;
}

/** The words of a line. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
