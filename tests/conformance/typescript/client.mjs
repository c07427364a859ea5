// What the official client of OPA sees of the service: one line "ok NAME" for each check that holds.
//
//   node client.mjs SERVICE FIXTURE APPLICATION
//
// SERVICE runs our bundle; FIXTURE answers, by the same handler, for policies that fail on purpose (typescript_test.go).

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { OPAClient } from "@open-policy-agent/opa";
import { OpaApiClient } from "@open-policy-agent/opa/sdk/index";
import { BatchServerError, ClientError, SDKError, ServerError } from "@open-policy-agent/opa/sdk/models/errors";

const [service, fixture, file] = process.argv.slice(2);
const application = JSON.parse(await readFile(file, "utf8"));
const opa = new OPAClient(service);
const api = new OpaApiClient({ serverURL: service });
const failing = new OPAClient(fixture);

const checks = {
  // evaluate
  "a document without input": async () => {
    const order = await opa.evaluate("rareearth/outcome/order");
    assert.ok(order.includes("green_channel"));
  },
  "a decision on an application": async () => {
    const decision = await opa.evaluate("rareearth/decision", application);
    assert.equal(decision.application_id, application.id);
    assert.ok(decision.reasons.length > 0);
  },
  "an input that knows how to become one": async () => {
    const decision = await opa.evaluate("rareearth/decision", { toInput: () => application });
    assert.equal(decision.application_id, application.id);
  },
  "a result made into another": async () => {
    const outcome = await opa.evaluate("rareearth/decision", application, { fromResult: (r) => r.outcome });
    assert.equal(typeof outcome, "string");
  },
  "an undefined document": async () => assert.equal(await opa.evaluate("rareearth/nothing/here", {}), undefined),
  "headers of the client's own": async () => {
    const known = new OPAClient(service, { headers: { "X-Request-ID": "from-typescript" } });
    assert.ok(await known.evaluate("rareearth/outcome/order"));
  },
  "everything that an answer can tell": async () => {
    const { successfulPolicyResponse: told, headers } = await api.executePolicyWithInput({
      path: "rareearth/outcome/order", pretty: true, provenance: true, explain: "full", metrics: true, instrument: true,
      strictBuiltinErrors: true, requestBody: { input: {} },
    });
    assert.ok(headers);
    assert.equal(told.provenance.version, "1.22.2");
    assert.match(told.provenance.bundles.rareearth.revision, /^[0-9a-f]{12}$/);
    assert.ok(told.metrics.timer_server_handler_ns > 0);
    assert.ok(told.result.length > 0);
  },
  "a compressed answer": async () => {
    const { successfulPolicyResponse: told } = await api.executePolicy({ path: "rareearth/reference", acceptEncoding: "gzip" });
    assert.ok(Object.keys(told.result).length > 5);
  },
  // default
  "the default decision": async () => {
    const decision = await opa.evaluateDefault(application);
    assert.equal(decision.application_id, application.id);
  },
  "no default decision": async () =>
    assert.rejects(failing.evaluateDefault({ nothing: true }), (e) => e instanceof ClientError && e.code === "undefined_document"),
  // batch
  "a batch that succeeds": async () => {
    const other = { ...application, id: "another" };
    const answers = await opa.evaluateBatch("rareearth/decision", { a: application, b: other });
    assert.deepEqual(Object.keys(answers).sort(), ["a", "b"]);
    assert.equal(answers.a.application_id, application.id);
    assert.equal(answers.b.application_id, "another");
  },
  "an empty batch": async () => assert.deepEqual(await opa.evaluateBatch("rareearth/decision", {}), {}),
  "a batch about nothing": async () =>
    assert.deepEqual(await opa.evaluateBatch("rareearth/nothing", { a: {}, b: {} }), { a: undefined, b: undefined }),
  "a batch of which some fail": async () => {
    const answers = await failing.evaluateBatch("failing/p", { good: { a: 1 }, bad: { a: 1, b: 1 } });
    assert.equal(answers.good, 1);
    assert.equal(answers.bad.code, "internal_error");
    assert.equal(answers.bad.httpStatusCode, "500");
    assert.equal(answers.bad.errors[0].code, "eval_conflict_error");
  },
  "a batch that may have no failure": async () =>
    assert.rejects(failing.evaluateBatch("failing/p", { good: { a: 1 }, bad: { a: 1, b: 1 } }, { rejectMixed: true }), (e) => e.code === "internal_error"),
  "a batch that fails": async () =>
    assert.rejects(failing.evaluateBatch("failing/p", { one: { a: 1, b: 1 }, two: { a: 2, b: 2 } }), (e) =>
      e instanceof BatchServerError && e.responses.one.code === "internal_error" && e.responses.two.code === "internal_error"),
  "a batch by the client itself, as servers without batches need": async () => {
    const answers = await failing.evaluateBatch("failing/p", { good: { a: 1 } }, { fallback: true });
    assert.equal(answers.good, 1);
  },
  // errors
  "an evaluation that fails": async () =>
    assert.rejects(failing.evaluate("failing/p", { a: 1, b: 1 }), (e) =>
      e instanceof ServerError && e.code === "internal_error" && e.errors[0].code === "eval_conflict_error" && e.errors[0].location.row > 0),
  "a path that cannot be asked for": async () =>
    assert.rejects(opa.evaluate('rareearth/"quoted"', {}), (e) => e instanceof ClientError && e.code === "invalid_parameter"),
  "a path to a function": async () =>
    assert.rejects(failing.evaluate("failing/f", {}), (e) => e instanceof ClientError && e.code === "invalid_parameter"),
  "filters, which are not offered": async () =>
    assert.rejects(opa.getFilters("rareearth/decision", {}, { target: "ucastMinimal" }), (e) =>
      (e instanceof SDKError || e instanceof ClientError)),
  // health
  "the service is well": async () => {
    const { healthyServer } = await api.health(true, true, ["status"]);
    assert.deepEqual(healthyServer, {});
  },
};

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (e) {
    console.log(`failed ${name}: ${e.stack ?? e}`);
    process.exitCode = 1;
  }
}
