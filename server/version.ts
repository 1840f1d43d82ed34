/**
 * The version that `msrpkit --version` prints. It is a constant and not read from package.json, whose place
 * differs between the checkout, the npm package and JSR; a test keeps the two equal.
 */
export const VERSION = "0.1.0" as const;
