// What the Durable Objects of these tests have in common: a count of how often one came into memory, which shows that it
// was out of it in between.
import type { DurableState, MsrpObjectClass } from "../../adapters/workers.ts";

/** The bindings of a test's Worker. */
export interface ObjectEnv {
  readonly [binding: string]: {
    get(id: unknown): { fetch(request: Request): Promise<Response> };
    idFromName(name: string): unknown;
  };
}

/** The one object of a class. */
export function objectOf(env: ObjectEnv, binding: string): { fetch(request: Request): Promise<Response> } {
  const namespace = env[binding] as ObjectEnv[string];
  return namespace.get(namespace.idFromName("one"));
}

/** The class, with `/made` to ask how often it was made. */
export function counting(Base: MsrpObjectClass<ObjectEnv>): MsrpObjectClass<ObjectEnv> {
  return class extends Base {
    readonly #made: Promise<number>;

    constructor(state: DurableState, env: ObjectEnv) {
      super(state, env);
      this.#made = state.blockConcurrencyWhile(async () => {
        const made = ((await state.storage.get<number>("made")) ?? 0) + 1;
        await state.storage.put("made", made);
        return made;
      });
    }

    override async fetch(request: Request): Promise<Response> {
      if (new URL(request.url).pathname.endsWith("/made")) return Response.json(await this.#made);
      return await super.fetch(request);
    }
  };
}
