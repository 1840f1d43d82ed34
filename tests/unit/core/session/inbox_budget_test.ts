// The budget of octets: limits of its own, limits of its parents, and the way back to zero.
// Both sides of each limit are tested.
import { describe, expect, test } from "#test";
import { defaultNodeBudgetBytes, InboxBudget } from "../../../../core/session/inbox_budget.ts";

describe("InboxBudget", () => {
  test("takes up to its limit and not beyond", () => {
    const budget = new InboxBudget(10);
    expect(budget.fits(10)).toBe(true);
    expect(budget.fits(11)).toBe(false);
    budget.take(10);
    expect(budget.fits(1)).toBe(false);
    budget.take(-1);
    expect(budget.fits(1)).toBe(true);
    expect(budget.used).toBe(9);
  });

  test("shares its parent's limit with its siblings", () => {
    const node = new InboxBudget(10);
    const one = new InboxBudget(8, node);
    const other = new InboxBudget(8, node);
    one.take(6);
    expect(node.used).toBe(6);
    expect(other.fits(4)).toBe(true);
    expect(other.fits(5)).toBe(false);
  });

  test("closing gives everything back once, and later changes do not count", () => {
    const node = new InboxBudget();
    expect(node.maxBytes).toBe(defaultNodeBudgetBytes);
    const session = new InboxBudget(100, node);
    session.take(40);
    session.close();
    session.close();
    session.take(-40);
    expect(node.used).toBe(0);
    expect(session.used).toBe(0);
  });
});
