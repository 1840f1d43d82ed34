/**
 * The conformance suite of endpoints: what a node with sessions must do, in raw bytes over a transport. It runs over the
 * pipes in memory on every runtime, and over each adapter's sockets on its own.
 */
import { bindingTests } from "./endpoint_binding.ts";
import type { EndpointSubject } from "./endpoint_fixture.ts";
import { receivingTests } from "./endpoint_receiving.ts";
import { reportTests } from "./endpoint_reports.ts";
import { sendingTests } from "./endpoint_sending.ts";
import type { TestFramework } from "./framework.ts";

export type { EndpointSubject };

/** Declares the whole suite for one subject. */
export function endpointSuite(subject: EndpointSubject, framework: TestFramework): void {
  const { describe } = framework;
  describe(`endpoint conformance: ${subject.name}`, () => {
    describe("receiving", () => receivingTests(subject, framework));
    describe("binding", () => bindingTests(subject, framework));
    describe("reports", () => reportTests(subject, framework));
    describe("sending", () => sendingTests(subject, framework));
  });
}
